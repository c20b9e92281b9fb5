"""Nothing is reported on models that come back: the models of the catalogue, and those of keras.applications."""

import pytest

from fixtures.catalogue import FILES, ROWS
from inspector.readers.source_code import CodeRequest
from inspector.verify.session import Plan, verify

APPLICATIONS = (
    "MobileNetV2", "EfficientNetB0", "ResNet50", "DenseNet121", "InceptionV3", "Xception", "NASNetMobile", "VGG16",
    "MobileNet", "ResNet50V2", "EfficientNetV2B0", "ConvNeXtTiny",
)  # fmt: skip
QUICK = ("small_ticket_router", "nested_autoencoder", "face")
SAVED = [case for case in ROWS if "keras" in case.formats and not case.needs_custom]


def told(checks):
    return [f"{c.name} {c.target} {c.layer}: {c.detail}" for c in checks if c.status == "lost"]


@pytest.mark.parametrize(
    "name", [pytest.param(case.name, marks=() if case.name in QUICK else pytest.mark.slow) for case in SAVED]
)
def test_catalogue(name):
    path = str(FILES / f"{name}.keras")
    assert not told(verify(Plan(path, CodeRequest(file=path)))[1])


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_applications(name):
    request = CodeRequest(arguments={"weights": None})
    assert not told(verify(Plan(f"keras.applications:{name}", request))[1])
