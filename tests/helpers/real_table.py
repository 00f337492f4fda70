"""What is to come of each model file in the packages of `real_files`: how far it is stepped, and why no farther."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Real:
    """A file: how many of its layers are stepped (of how many), and a part of the sentence that says why no more, if any."""

    package: str
    member: str
    stepped: int
    layers: int
    why: str = ""
    beside: bool = False
    """Whether its weights lie beside it: a description of Keras."""

    @property
    def weights(self) -> str:
        """The member that holds the weights of a description."""
        return self.member.replace(".json", "_weights.h5") if self.beside else ""

    @property
    def name(self) -> str:
        return f"{self.package}/{self.member.rpartition('/')[2]}"


DNNV = "tests/system_tests/artifacts/networks/"
KERAS, ONNX, TORCH = "example-models/keras/", "example-models/onnx/", "example-models/pytorch/"
FOILS = {"xxsmall": 3, "xsmall": 4, "small": 4, "medium": 5, "large": 5, "xlarge": 6, "xxlarge": 6, "xxxlarge": 7}
ESPNN = (
    "ESPNN/data/weights/FOLD{0}_try0__00_en_ioen_0_bhe_corrected_trtestsplit_tuple_reduxdrop_nobias_yeslog_standard4all_dbscan2"
    "_mid_30_randomsplit_FORCEprojMASSall.pth"
)
FILES = (
    Real("hls4ml", "example-models/available_data_config.json", 0, 0, "it holds no lists of numbers that could be weights"),
    Real("hls4ml", "example-models/available_models.json", 0, 0, "it holds no lists of numbers that could be weights"),
    Real("hls4ml", KERAS + "KERAS_1layer.json", 3, 3, beside=True),
    Real("hls4ml", KERAS + "KERAS_1layer_weights.h5", 2, 2),
    Real("hls4ml", KERAS + "KERAS_3layer.json", 5, 5, beside=True),
    Real("hls4ml", KERAS + "KERAS_3layer_70pruned_retrained_weights.h5", 4, 4),
    Real("hls4ml", KERAS + "KERAS_3layer_95pruned_retrained_weights.h5", 4, 4),
    Real("hls4ml", KERAS + "KERAS_3layer_batch_norm.json", 13, 13, beside=True),
    Real("hls4ml", KERAS + "KERAS_3layer_batch_norm_weights.h5", 8, 8),
    Real("hls4ml", KERAS + "KERAS_3layer_binary_smaller.json", 0, 11, "there is no layer BinaryDense in Keras", beside=True),
    Real("hls4ml", KERAS + "KERAS_3layer_binary_smaller_weights.h5", 8, 8),
    Real("hls4ml", KERAS + "KERAS_3layer_binarydense_relu_max.json", 0, 11, "there is no layer BinaryDense", beside=True),
    Real("hls4ml", KERAS + "KERAS_3layer_binarydense_relu_max_weights.h5", 8, 8),
    Real("hls4ml", KERAS + "KERAS_3layer_ternary_small.json", 0, 11, "there is no layer TernaryDense in Keras", beside=True),
    Real("hls4ml", KERAS + "KERAS_3layer_ternary_small_weights.h5", 8, 8),
    Real("hls4ml", KERAS + "KERAS_3layer_weights.h5", 4, 4),
    Real("hls4ml", KERAS + "KERAS_conv1d.json", 0, 7, "Conv1D cannot be stepped yet", beside=True),
    Real("hls4ml", KERAS + "KERAS_conv1d_small.json", 0, 7, "Conv1D cannot be stepped yet", beside=True),
    Real("hls4ml", KERAS + "KERAS_conv1d_small_weights.h5", 0, 5, "its weight has 3 axes, as a convolution has"),
    Real("hls4ml", KERAS + "KERAS_conv1d_weights.h5", 0, 5, "its weight has 3 axes, as a convolution has"),
    Real("hls4ml", KERAS + "KERAS_conv2d_model.json", 0, 4, "Conv2D cannot be stepped yet", beside=True),
    Real("hls4ml", KERAS + "KERAS_conv2d_model_weights.h5", 0, 2, "its weight has 4 axes, as a convolution has"),
    Real("hls4ml", KERAS + "KERAS_dense_16x100x100x100x100x100x5.json", 11, 11, beside=True),
    Real("hls4ml", KERAS + "KERAS_dense_16x100x100x100x100x100x5_weights.h5", 6, 6),
    Real("hls4ml", KERAS + "KERAS_dense_16x200x200x200x200x200x5.json", 11, 11, beside=True),
    Real("hls4ml", KERAS + "KERAS_dense_16x200x200x200x200x200x5_weights.h5", 6, 6),
    Real("hls4ml", KERAS + "KERAS_dense_16x500x500x500x500x500x5.json", 11, 11, beside=True),
    Real("hls4ml", KERAS + "KERAS_dense_16x500x500x500x500x500x5_weights.h5", 6, 6),
    Real("hls4ml", KERAS + "garnet_1layer.json", 0, 5, "the network has a second input", beside=True),
    Real("hls4ml", KERAS + "garnet_1layer_weights.h5", 0, 5, "the network has a second input"),
    Real("hls4ml", KERAS + "garnet_3layer.json", 0, 7, "the network has a second input", beside=True),
    Real("hls4ml", KERAS + "garnet_3layer_weights.h5", 0, 7, "the network has a second input"),
    Real("hls4ml", KERAS + "hgq_jet_classifier.h5", 0, 16, "there is no layer FixedPointQuantizer in Keras"),
    Real("hls4ml", KERAS + "hgq_mnist_heterogeneous.h5", 0, 20, "there is no layer FixedPointQuantizer in Keras"),
    Real("hls4ml", KERAS + "hgq_mnist_homogeneous.h5", 0, 20, "there is no layer FixedPointQuantizer in Keras"),
    Real("hls4ml", KERAS + "jetTagger_Conv2D_Small.json", 0, 11, "it normalises samples that are not flat", beside=True),
    Real("hls4ml", KERAS + "jetTagger_Conv2D_Small_NoBatchNorm.json", 0, 9, "Conv2D cannot be stepped yet", beside=True),
    Real("hls4ml", KERAS + "jetTagger_Conv2D_Small_NoBatchNorm_weights.h5", 0, 4, "its weight has 4 axes, as a convolution has"),
    Real("hls4ml", KERAS + "jetTagger_Conv2D_Small_weights.h5", 1, 6, "its weight has 4 axes, as a convolution has"),
    Real("hls4ml", KERAS + "keras_bnn.json", 0, 11, "there is no layer BinaryDense in Keras", beside=True),
    Real("hls4ml", KERAS + "keras_bnn_weights.h5", 8, 8),
    Real("hls4ml", KERAS + "qkeras_3layer.json", 0, 9, "there is no layer QDense in Keras", beside=True),
    Real("hls4ml", KERAS + "qkeras_3layer_weights.h5", 4, 4),
    Real("hls4ml", KERAS + "qkeras_mnist_cnn.json", 0, 11, "there is no layer QConv2D in Keras", beside=True),
    Real("hls4ml", KERAS + "qkeras_mnist_cnn_weights.h5", 0, 3, "its weight has 4 axes, as a convolution has"),
    Real("hls4ml", KERAS + "qkeras_mnist_dense.json", 0, 6, "there is no layer QActivation in Keras", beside=True),
    Real("hls4ml", KERAS + "qkeras_mnist_dense_weights.h5", 2, 2),
    Real("hls4ml", ONNX + "bnn_model_fc_1layer.onnx", 0, 6, "it is an operator of onnx.brevitas, not of ONNX"),
    Real("hls4ml", ONNX + "branched_model_ch_last.onnx", 0, 62, "it is an operator of qonnx.custom_op.general"),
    Real("hls4ml", ONNX + "conv1d_small_keras.onnx", 0, 14, "Transpose cannot be stepped yet"),
    Real("hls4ml", ONNX + "conv2d_small_keras.onnx", 2, 8, "Conv cannot be stepped yet"),
    Real("hls4ml", ONNX + "conv2d_small_mp_keras.onnx", 2, 14, "Conv cannot be stepped yet"),
    Real("hls4ml", ONNX + "dense_big_keras.onnx", 13, 13),
    Real("hls4ml", ONNX + "separable_conv_model_ch_last.onnx", 0, 17, "it is an operator of qonnx.custom_op.general"),
    Real("hls4ml", ONNX + "three_layer_bn_keras.onnx", 13, 13),
    Real("hls4ml", ONNX + "three_layer_bn_pytorch.onnx", 13, 13),
    Real("hls4ml", ONNX + "three_layer_keras.onnx", 9, 9),
    Real("hls4ml", ONNX + "three_layer_pytorch.onnx", 9, 9),
    Real("hls4ml", ONNX + "tiny_unet_ch_last.onnx", 0, 185, "it is an operator of qonnx.custom_op.general"),
    Real("hls4ml", ONNX + "two_layer_keras.onnx", 5, 5),
    Real("hls4ml", ONNX + "two_layer_pytorch.onnx", 5, 5),
    Real("hls4ml", TORCH + "three_layer_model.pt", 8, 8),
    Real("hls4ml", TORCH + "two_layer_model.pt", 4, 4),
    Real("silero-vad", "silero_vad/data/silero_vad.jit", 0, 0, "it is a TorchScript archive"),
    Real("silero-vad", "silero_vad/data/silero_vad.onnx", 0, 7, "the network has a second input"),
    Real("silero-vad", "silero_vad/data/silero_vad_16k.safetensors", 0, 8, "its weight has 3 axes, as a convolution has"),
    Real("silero-vad", "silero_vad/data/silero_vad_16k_op15.onnx", 0, 71, "the network has a second input"),
    Real("silero-vad", "silero_vad/data/silero_vad_16k_sequence.onnx", 0, 37, "the network has a second input"),
    Real("silero-vad", "silero_vad/data/silero_vad_half.onnx", 0, 51, "the network has a second input"),
    Real("silero-vad", "silero_vad/data/silero_vad_op18_ifless.onnx", 0, 7, "the network has a second input"),
    Real("silero-vad", "silero_vad/data/silero_vad_openvino_16k.onnx", 0, 68, "the network has a second input"),
    Real("g2p-en", "g2p_en/checkpoint20.npz", 0, 7, "it is a table of vectors"),
    Real("onnxruntime", "onnxruntime/datasets/logreg_iris.onnx", 0, 4, "its weight takes 4 numbers of a sample, but 2 flow in"),
    Real("onnxruntime", "onnxruntime/datasets/mul_1.onnx", 0, 2, "its factor is of the shape (3, 2)"),
    Real("onnxruntime", "onnxruntime/datasets/sigmoid.onnx", 2, 2),
    Real("attacut", "attacut/artifacts/attacut-c/model.pth", 0, 6, "it is a table of vectors"),
    Real("attacut", "attacut/artifacts/attacut-sc/model.pth", 0, 10, "it is a table of vectors"),
    Real("basic-pitch", "basic_pitch/saved_models/icassp_2022/nmp.onnx", 2, 243, "Slice cannot be stepped yet"),
    Real("deepcut", "deepcut/weight/cnn_without_ne_ab.h5", 0, 30, "it is a table of vectors"),
    Real("dnnv", DNNV + "convSmallRELU__Point.onnx", 0, 11, "Conv cannot be stepped yet"),
    Real("dnnv", DNNV + "dave.onnx", 0, 26, "Transpose cannot be stepped yet"),
    Real("dnnv", DNNV + "dronet.onnx", 2, 35, "Conv cannot be stepped yet"),
    Real("dnnv", DNNV + "mnist_300_200_100.onnx", 9, 9),
    Real("dnnv", DNNV + "mnist_relu_3_50.onnx", 9, 9),
    Real("facenet-pytorch", "facenet_pytorch/data/onet.pt", 0, 13, "its weight has 4 axes, as a convolution has"),
    Real("facenet-pytorch", "facenet_pytorch/data/pnet.pt", 0, 8, "its weight has 4 axes, as a convolution has"),
    Real("facenet-pytorch", "facenet_pytorch/data/rnet.pt", 0, 10, "its weight has 4 axes, as a convolution has"),
    Real("g2pM", "g2pM/char2idx.pkl", 0, 0, "no arrays of numbers are in it"),
    Real("g2pM", "g2pM/class2idx.pkl", 0, 0, "no arrays of numbers are in it"),
    Real("g2pM", "g2pM/digest_cedict.pkl", 0, 0, "no arrays of numbers are in it"),
    Real("g2pM", "g2pM/np_ckpt.pkl", 0, 7, "it is a table of vectors"),
    Real("lpips", "lpips/weights/v0.0/alex.pth", 0, 5, "its weight has 4 axes, as a convolution has"),
    Real("lpips", "lpips/weights/v0.0/squeeze.pth", 0, 7, "its weight has 4 axes, as a convolution has"),
    Real("lpips", "lpips/weights/v0.0/vgg.pth", 0, 5, "its weight has 4 axes, as a convolution has"),
    Real("lpips", "lpips/weights/v0.1/alex.pth", 0, 5, "its weight has 4 axes, as a convolution has"),
    Real("lpips", "lpips/weights/v0.1/squeeze.pth", 0, 7, "its weight has 4 axes, as a convolution has"),
    Real("lpips", "lpips/weights/v0.1/vgg.pth", 0, 5, "its weight has 4 axes, as a convolution has"),
    Real("mlip", "src/mlip/models/esen/Jd.npz", 0, 0, "the array 'Jd' holds Python objects"),
    Real("mlip", "src/mlip/models/esen/quaternion/custom_coefficients.npz", 0, 0, "it holds no layer that can be stepped"),
    Real("mlip", "tests/sample_data/mace_test_params.pkl", 3, 38, "its weight has 3 axes, as a convolution has"),
    Real("mlip", "tests/sample_data/mace_test_params_3_heads.pkl", 3, 44, "its weight has 3 axes, as a convolution has"),
    Real("mlip", "tests/sample_data/nequip_test_params.pkl", 3, 35, "its weight has 3 axes, as a convolution has"),
    Real("mlip", "tests/sample_data/spice2-1000_429_md_0-1.hdf5", 1, 4, "it does not take what the layer before gives"),
    Real("mlip", "tests/sample_data/visnet_test_params.pkl", 0, 35, "it is a table of vectors"),
    Real("pesto-pitch", "pesto/weights/mir-1k.ckpt", 1, 8, "its weight has 3 axes, as a convolution has"),
    Real("pesto-pitch", "pesto/weights/mir-1k_g7.ckpt", 1, 11, "its weight has 3 axes, as a convolution has"),
    Real("pyxtal_ff", "pyxtal_ff/datasets/Si/PyXtal/bp-16-16-checkpoint.pth", 5, 5),
    Real("surfaces-onnx-files", "surfaces_onnx_files/gradient_boosting_regressor.onnx", 8, 8),
    Real("surfaces-onnx-files", "surfaces_onnx_files/k_neighbors_classifier.onnx", 8, 8),
    Real("surfaces-onnx-files", "surfaces_onnx_files/k_neighbors_classifier.validity.onnx", 0, 2, "an operator of ai.onnx.ml"),
    Real("surfaces-onnx-files", "surfaces_onnx_files/k_neighbors_regressor.onnx", 8, 8),
    Real("vibecheck-nn", "vibecheck/examples/ACASXU_run2a_2_2_batch_2000.onnx", 16, 16),
    Real("nn-mouse", "nn_mouse/path.onnx", 6, 6),
    Real("nn-mouse", "nn_mouse/time.onnx", 5, 5),
    *(Real("epednn-mit", f"epednn_mit/models/sparc/epednn_mit_sparc_{n}.pkl", 3, 3) for n in range(10)),
    *(Real("NeuralFoil", f"neuralfoil/nn_weights_and_biases/nn-{name}.npz", n, n) for name, n in FOILS.items()),
    Real("NeuralFoil", "neuralfoil/nn_weights_and_biases/scaled_input_distribution.npz", 2, 2),
    Real("kerasltisubmission", "tests/mnist.h5", 3, 3),
    *(Real("ESPNN", ESPNN.format(n), 0, 7, "its weight is made of several tensors") for n in range(5)),
)  # fmt: skip
MODELS = re.compile(
    r"^(?!test/|hls4ml/).*\.(h5|hdf5|onnx|pt|jit|npz|safetensors|keras|pkl|joblib|pth|ckpt)$|^example-models/.*\.json$"
)
"""What is a model in a package by its name; hls4ml keeps other JSON in two folders."""
