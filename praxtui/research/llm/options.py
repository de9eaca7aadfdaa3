"""What a person may say about one model, as the calls of it want it: see `praxtui.settings`."""

from praxtui.settings import Limits, ModelSettings, Prices

__all__ = ["Limits", "ModelSettings", "Prices"]
