"""Draws the answers to the queries of a dashboard as one SVG, in the places of their panels."""

from html import escape

CELL, ROW, PAD = 40, 26, 8
COLOURS = ["#3b7dd8", "#d9822b", "#2e9e5b", "#b5499a", "#8a6d3b", "#c0392b", "#5c6bc0", "#00897b", "#6d4c41", "#546e7a"]
UNITS = {"s": "s", "bytes": "B", "Bps": "B/s", "reqps": "/s", "ops": "/s", "short": ""}


def panels(all_panels):
    width = 24 * CELL
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in all_panels) * ROW
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="#f4f5f7"/>',
    ]
    for panel in all_panels:
        out += draw(panel)
    return "\n".join([*out, "</svg>", ""])


def draw(panel):
    place = panel["gridPos"]
    x, y, w, h = place["x"] * CELL + 3, place["y"] * ROW + 3, place["w"] * CELL - 6, place["h"] * ROW - 6
    unit = UNITS[panel["fieldConfig"]["defaults"]["unit"]]
    yield f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="3" fill="white" stroke="#d8dade"/>'
    yield text(x + PAD, y + 16, panel["title"], weight="bold")
    series = [
        (legend(target["legendFormat"], one["metric"]), [(time, float(value)) for time, value in one["values"]])
        for target in panel["targets"]
        for one in target["answer"]
    ]
    series = [(name, [point for point in points if point[1] == point[1]]) for name, points in series]
    series = [(name, points) for name, points in series if points][:10]
    if panel["type"] == "stat":
        yield text(x + w / 2, y + h / 2 + 20, number(series[0][1][-1][1], unit), size=26, anchor="middle")
        return
    legend_height = 13 * ((len(series) + 1) // 2)
    left, top, right, bottom = x + 52, y + 26, x + w - PAD, y + h - legend_height - 10
    times = [time for _, points in series for time, _ in points]
    begin, end = min(times), max(max(times), min(times) + 1)
    most = max(value for _, points in series for _, value in points) or 1
    for part in (0, 0.5, 1):
        at = bottom - part * (bottom - top)
        yield f'<line x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}" stroke="#e4e6ea"/>'
        yield text(left - 4, at + 4, number(most * part, unit), size=9, anchor="end", fill="#666")
    for index, (name, points) in enumerate(series):
        colour = COLOURS[index]
        line = " ".join(
            f"{left + (time - begin) / (end - begin) * (right - left):.1f},{bottom - value / most * (bottom - top):.1f}"
            for time, value in points
        )
        yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        column, row = index % 2, index // 2
        across, down = x + PAD + column * (w - PAD) / 2, bottom + 16 + row * 13
        yield f'<rect x="{across}" y="{down - 7:.1f}" width="8" height="8" fill="{colour}"/>'
        yield text(across + 12, down, f"{name}: {number(points[-1][1], unit)}", size=9)


def legend(form, labels):
    for name, value in labels.items():
        form = form.replace("{{" + name + "}}", value)
    return form.split("{{")[0].strip() or "all"


def number(value, unit):
    if unit == "s" and 0 < value < 1:
        return f"{value * 1000:.3g} ms"
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor and unit != "s":
            return f"{value / factor:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}".strip() if value < 1000 else f"{value:.0f} {unit}".strip()


def text(x, y, what, size=11, anchor="start", weight="normal", fill="#222"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="{fill}">{escape(what)}</text>'
    )
