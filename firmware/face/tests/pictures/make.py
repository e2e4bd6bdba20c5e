#!/usr/bin/env python3
"""Makes the pictures beside it out of one free photograph: Pillow, which brings OpenJPEG, and
ImageMagick's `convert` for what Pillow does not write."""

import subprocess
from pathlib import Path

from PIL import Image

here = Path(__file__).parent
source = here / "../../../simulators/people/hieu-portrait.jpg"
face = Image.open(source).convert("RGB").resize((240, 320), Image.Resampling.LANCZOS)
grey = face.convert("L")

for name, sampling in [("444", "4:4:4"), ("420", "4:2:0")]:
    face.save(here / f"rgb-{name}.jpg", quality=75, subsampling=sampling)
face.save(here / "progressive.jpg", quality=75, progressive=True)
grey.save(here / "grey.jpg", quality=75)
face.convert("CMYK").save(here / "cmyk.jpg", quality=30)
lossy = {"quality_mode": "rates", "irreversible": True}
face.save(here / "rgb.jp2", quality_layers=[20], **lossy)
grey.save(here / "grey.jp2", quality_layers=[8], **lossy)
face.save(here / "rgb.j2k", quality_layers=[20], no_jp2=True, **lossy)

# Quarter colour across, none lost downwards; and CMYK that is stored as YCCK.
plain = here / "rgb-444.jpg"
subprocess.run(["convert", plain, "-sampling-factor", "4x1", here / "rgb-411.jpg"], check=True)
ycck = ["-colorspace", "CMYK", "-sampling-factor", "2x2", "-quality", "50"]
subprocess.run(["convert", plain, *ycck, here / "ycck.jpg"], check=True)
