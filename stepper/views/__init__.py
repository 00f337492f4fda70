"""The panels of the window. Each draws one Moment; none imports another."""
