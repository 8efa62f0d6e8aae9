"""Exceptions a user can meet; each says what was wanted, what was found, what to do."""


class TheodoliteError(Exception):
    """Base of every error that is the input's fault, not the program's."""


class CameraError(TheodoliteError):
    """A camera that cannot be: focal length or size not finite, zero or negative."""


class UnknownCamera(CameraError):
    """A photograph without camera data, where assumptions are refused."""


class CalibrationError(CameraError):
    """A calibration file that cannot be read, or not in the stated format."""


class PhotoError(TheodoliteError):
    """A picture that cannot be decoded, or is no picture at all."""


class SizeMismatch(TheodoliteError):
    """Maps, image and camera that do not describe the same pixels."""


class CheckpointError(TheodoliteError):
    """A weights file that is damaged, of another variant, or unsafe to open."""


class LicenceNotAccepted(TheodoliteError):
    """Weights whose licence has to be accepted before they are fetched."""


class DownloadError(TheodoliteError):
    """Weights that could not be fetched, or whose checksum is wrong."""


class UnknownModel(TheodoliteError):
    """A model, variant or release name that does not exist."""


class UnknownSuite(TheodoliteError):
    """An evaluation suite that does not exist."""


class MissingExtra(TheodoliteError, ImportError):
    """An optional dependency that is not installed."""


class OutputError(TheodoliteError):
    """A result that could not be written or read back."""


class DatasetError(TheodoliteError):
    """A data set, or a file it lists, that cannot be used."""
