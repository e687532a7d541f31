"""Records what terminal sessions show, for those who may look at it later."""

from octokube_hub.recording.recorder import Recorder, Recording, RecordingMode, RecordingRefused

__all__ = ["Recorder", "Recording", "RecordingMode", "RecordingRefused"]
