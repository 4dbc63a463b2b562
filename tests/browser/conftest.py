"""A browser, and visits whose console and outside requests are watched."""

import browser_kit
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from precursor import demo

#: However busy the machine is: what does not come in a minute does not come.
expect.set_options(timeout=60_000)
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Visit:
    """A page whose console and outside requests are watched."""

    def __init__(self, browser, address, width=1440, language="zh", script=True):
        self.address, self.width, self.language, self.script = address, width, language, script
        self.context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale="zh-CN" if language == "zh" else "en-GB",
            java_script_enabled=script,
        )
        self.page = self.context.new_page()
        self.messages, self.outside = [], []
        self.page.on("console", lambda m: self.messages.append(m.text))
        self.page.on(
            "request", lambda r: None if r.url.startswith((address, "data:")) else self.outside.append(r.url)
        )

    def open(self, path):
        return self.page.goto(self.address + path)

    def log_in(self, name="auditor", password=demo.PASSWORD):
        self.page.goto(self.address + "/login")
        self.page.fill("#username", name)
        self.page.fill("#password", password)
        self.page.click("#submit")
        if password == demo.PASSWORD:
            expect(self.page.locator("h1")).to_be_visible()
            assert self.page.locator("main .tasks, main .muted").count(), self.page.content()  # the first page

    def fill(self, **typed):
        """Fill in a form by the names of its fields; ``__`` stands for a point."""
        for name, text in typed.items():
            field = self.page.locator(f'form.desk [name="{name.replace("__", ".")}"]')
            if field.first.get_attribute("type") == "radio":
                self.page.locator(f'form.desk [name="{name.replace("__", ".")}"][value="{text}"]').check()
            elif field.evaluate("f => f.tagName") == "SELECT":
                field.select_option(text)
            else:
                field.fill(text)

    def send(self):
        self.page.click("form.desk button.primary")

    def fits(self, *widths):
        """Nothing hangs over the edge."""
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": 900})
            assert self.page.evaluate(_OVERFLOW) == 0, (self.page.url, width)

    def is_accessible(self):
        """What axe finds; it is a script itself, so where none runs there is nothing to ask."""
        if not self.script:
            return
        found = Axe().run(self.page)
        assert found.violations_count == 0, (self.page.url, found.generate_report())

    def is_quiet(self, refused=0):
        """Nothing on the console, but that the page itself was a refusal: so many times."""
        refusals = [m for m in self.messages if "responded with a status of 4" in m]
        assert len(refusals) == refused, self.messages
        assert [m for m in self.messages if m not in refusals] == []
        assert self.outside == []


@pytest.fixture(scope="session")
def browser():
    with browser_kit.launch() as found:
        yield found


@pytest.fixture
def visit(browser, address):
    opened = []

    def make(**kw):
        opened.append(Visit(browser, address, **kw))
        return opened[-1]

    yield make
    for one in opened:
        one.context.close()
