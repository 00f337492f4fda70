"""The Qt-free heart of Backprop Stepper: programs, their execution and their gradients."""
