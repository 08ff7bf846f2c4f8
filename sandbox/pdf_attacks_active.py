"""PDF-08: what can change what is shown, in documents that their issuer itself signed so."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from sandbox import pdf
from sandbox.pdf import Draft
from sandbox.pdf_forging import Forge, PdfAttack, PdfScene

_XFA = 70
_TEMPLATE = b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><template>in force</template></xdp:xdp>"
_SCRIPT = "<</S /JavaScript /JS (x)>>"


def drafted(before: Callable[[Draft], None]) -> Forge:
    """The issuer itself signs a document like that."""

    def forge(scene: PdfScene) -> bytes:
        draft = pdf.write(scene.world.made(scene.license), before)
        return pdf.sign(draft, scene.signing).content

    return forge


def with_catalog(key: str, value: str) -> Callable[[Draft], None]:
    def before(draft: Draft) -> None:
        draft.catalog[key] = value

    return before


def _linked(action: str) -> Callable[[Draft], None]:
    """An action that an outline leads to."""
    return with_catalog("/Outlines", f"<</First <</Title (x) /A {action}>>>>")


def _layered(usage: str) -> Callable[[Draft], None]:
    """A layer that appears by itself as `usage` says; else it is there."""
    layer = f"{pdf.FIRST_FREE} 0 R"
    states = "".join(f"<</Event /{e} /Category [/{e}] /OCGs [{layer}]>>" for e in ("View", "Print"))

    def before(draft: Draft) -> None:
        draft.catalog["/OCProperties"] = f"<</OCGs [{layer}] /D <</AS [{states}]>>>>"
        draft.objects[pdf.FIRST_FREE] = f"<</Type /OCG /Name (x) /Usage <<{usage}>>>>".encode()

    return before


def _postscript(draft: Draft) -> None:
    draft.objects[pdf.FIRST_FREE] = pdf.stream(b"showpage", " /Type /XObject /Subtype /PS")
    draft.page["/Resources"] = f"<</XObject <</X1 {pdf.FIRST_FREE} 0 R>>>>"


def layers_alike(scene: PdfScene) -> bytes:
    """What programs write for a watermark: there on screen as in print."""
    usage = "/View <</ViewState /ON>> /Print <</PrintState /ON>> /PageElement <</Subtype /BG>>"
    return drafted(_layered(usage))(scene)


def _form(entries: str) -> Forge:
    """A form that XFA lays out; object 70 is what it would show."""

    def before(draft: Draft) -> None:
        draft.objects[_XFA] = pdf.stream(_TEMPLATE)

    def forge(scene: PdfScene) -> bytes:
        draft = pdf.write(scene.world.made(scene.license), before)
        return pdf.sign(replace(draft, form=entries), scene.signing).content

    return forge


def _form_later(scene: PdfScene) -> bytes:
    """The same, saved behind the issuer's signature."""
    paper = scene.paper
    number = paper.size
    form, changed = pdf.with_form(replace(paper, form=f" /XFA {number} 0 R", size=number + 1))
    return pdf.save(form, {**changed, number: pdf.stream(_TEMPLATE)}).content


def _indirect_name(draft: Draft) -> None:
    draft.objects[70] = b"/Launch"
    _linked("<</S 70 0 R /F (x)>>")(draft)


def _external(draft: Draft) -> None:
    body = draft.objects[pdf.CONTENTS]
    draft.objects[pdf.CONTENTS] = body.replace(b"<< /Length", b"<< /F (elsewhere) /Length", 1)


def active() -> Iterator[PdfAttack]:
    """PDF-08: what can change what is shown, signed by the issuer itself."""
    for name, zh, en, forge in (
        (
            "script",
            "打开时运行脚本",
            "A script runs when it is opened",
            drafted(with_catalog("/OpenAction", "<</S /JavaScript /JS (x)>>")),
        ),
        (
            "named_script",
            "名字树里有脚本",
            "A script by name",
            drafted(with_catalog("/Names", f"<</JavaScript <</Names [(x) {_SCRIPT}]>>>>")),
        ),
        (
            "escaped_script",
            "脚本动作的名字用了转义",
            "A script whose name is escaped",
            drafted(with_catalog("/OpenAction", "<</S /Java#53cript /J#53 (x)>>")),
        ),
        (
            "launch",
            "书签启动程序",
            "A bookmark launches a program",
            drafted(_linked("<</S /Launch /F (x)>>")),
        ),
        (
            "submit",
            "书签提交表单",
            "A bookmark submits a form",
            drafted(_linked("<</S /SubmitForm /F (x)>>")),
        ),
        (
            "layers",
            "书签切换图层",
            "A bookmark switches layers",
            drafted(_linked("<</S /SetOCGState /State [/OFF]>>")),
        ),
        (
            "film",
            "多媒体批注",
            "A multimedia annotation",
            drafted(with_catalog("/X", "<</Subtype /RichMedia /Rect [0 0 9 9]>>")),
        ),
        (
            "indirect_name",
            "动作的名字是间接对象",
            "An action whose name is an object of its own",
            drafted(_indirect_name),
        ),
        (
            "disguised",
            "启动程序的动作混作结构元素",
            "A launch that looks like a structure element",
            drafted(_linked("<</Type /StructElem /S /Launch /F (x) /P 3 0 R /K 0>>")),
        ),
        (
            "xfa_packets",
            "XFA 表单（分段）",
            "An XFA form in packets",
            _form(" /XFA [(template) 70 0 R (datasets) 70 0 R]"),
        ),
        (
            "xfa_later",
            "签后加上 XFA 表单",
            "An XFA form added behind the signature",
            _form_later,
        ),
        ("xfa_stream", "XFA 表单（整流）", "An XFA form in one stream", _form(" /XFA 70 0 R")),
        (
            "xfa_rendering",
            "声明须由 XFA 动态排版",
            "A document that XFA has to lay out",
            drafted(with_catalog("/NeedsRendering", "true")),
        ),
        ("external", "页面内容在别的文件里", "Page content in another file", drafted(_external)),
        (
            "layers_in_print",
            "图层在屏幕上显示而不打印",
            "A layer that shows on screen and not in print",
            drafted(_layered("/View <</ViewState /ON>> /Print <</PrintState /OFF>>")),
        ),
        (
            "layers_by_zoom",
            "图层放大后才显示",
            "A layer that shows from a zoom on",
            drafted(_layered("/Zoom <</min 4>>")),
        ),
        (
            "picture_in_print",
            "打印时用另一幅图代替",
            "Another picture in print",
            drafted(with_catalog("/X", "<</Subtype /Image /Alternates [<</Image 4 0 R>>]>>")),
        ),
        ("postscript", "打印机运行的程序", "A program that printers run", drafted(_postscript)),
    ):
        yield PdfAttack(
            name=f"active_{name}",
            reason="active_content",
            threats=("PDF-08",),
            zh=f"{zh}。",
            en=f"{en}.",
            forge=forge,
        )
