"""A headless Chromium driven over WebDriver, which is plain HTTP."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from shutil import which
from urllib.request import Request, urlopen

FOUND = which("chromium") or which("google-chrome") or which("chromium-browser")
DRIVER = which("chromedriver")
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Down": "\ue015", "Up": "\ue013", "Tab": "\ue004"}


class Browser:
    """One page at a time; ``run`` evaluates a script's body in it."""

    def __init__(self, *, dark: bool = False, size: tuple[int, int] = (1280, 860)) -> None:
        self.process = subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                break
        self.address = f"http://127.0.0.1:{found[1]}/session"
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={size[0]},{size[1]}"]
        arguments += ["--force-color-profile=srgb", "--disable-background-networking"]
        if dark:
            arguments.append("--blink-settings=preferredColorScheme=0")
        options = {"goog:chromeOptions": {"binary": FOUND, "args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}
        session = self.ask("", {"capabilities": {"alwaysMatch": options}})
        self.address += f"/{session['sessionId']}"

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.address + path, data, {"Content-Type": "application/json"}), timeout=60) as reply:
            return json.load(reply)["value"]

    def open(self, path) -> None:
        self.ask("/url", {"url": f"file://{path}"})

    def run(self, script, *arguments):
        return self.ask("/execute/sync", {"script": script, "args": arguments})

    def press(self, *keys) -> None:
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self.ask("/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def click(self, selector) -> None:
        spot = self.run(
            "const b = document.querySelector(arguments[0]).getBoundingClientRect();"
            "return [Math.round(b.x + b.width / 2), Math.round(b.y + b.height / 2)]", selector
        )  # fmt: skip
        moves = [{"type": "pointerMove", "x": spot[0], "y": spot[1]}, {"type": "pointerDown", "button": 0}]
        actions = [*moves, {"type": "pointerUp", "button": 0}]
        self.ask("/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": actions}]})

    def complaints(self):
        return [entry["message"] for entry in self.ask("/se/log", {"type": "browser"})]

    def screenshot(self) -> bytes:
        return base64.b64decode(self.ask("/screenshot"))

    def close(self) -> None:
        try:
            urlopen(Request(self.address, method="DELETE"), timeout=20).close()
        finally:
            self.process.terminate()
            self.process.wait()
