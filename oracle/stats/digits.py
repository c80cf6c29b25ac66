"""Rounding to significant digits."""


def round_digits(value: float, digits: int) -> float:
    """Round a number to so many significant digits, in decimal.

    Grids, search ranges and curves round in this way, so that equal learning rates are equal
    floats and a cell that several searches want is trained once.

    Args:
        value: Any number.
        digits: Significant digits, one at least.

    Returns:
        The nearest float with so many digits.
    """
    return float(f"{value:.{digits}g}")
