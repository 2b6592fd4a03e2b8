//! The chart of the dashboard: its words can be read in every width and theme.

use serde_json::json;

use super::stage::Stage;

/// Pixels that a letter has at the least.
const LETTER_MIN: f64 = 11.0;

/// How large the labels really are, whether they keep apart from each other, stay within the drawing, and can be told from what is behind them.
const LABELS: &str = "const drawing = document.querySelector('svg.bars');
    const labels = [...(drawing?.querySelectorAll('text') ?? [])];
    if (!labels.length) return null;
    const boxes = labels.map((label) => label.getBoundingClientRect());
    const around = drawing.getBoundingClientRect();
    const light = (colour) => { const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => { const share = part / 255; return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const pair = [light(getComputedStyle(labels[0]).fill), light(getComputedStyle(drawing.closest('.card')).backgroundColor)].sort((one, other) => other - one);
    return {
        size: Math.min(...labels.map((label) => parseFloat(getComputedStyle(label).fontSize) * label.getScreenCTM().a)),
        apart: boxes.every((box, at) => !at || boxes[at - 1].right + 4 <= box.left),
        within: boxes.every((box) => box.left >= around.left - 1 && box.right <= around.right + 1 && box.bottom <= around.bottom + 1),
        contrast: (pair[0] + 0.05) / (pair[1] + 0.05), count: labels.length};";

#[test]
fn its_labels_can_be_read_in_a_narrow_panel_and_in_a_wide_one_light_and_dark() {
    for theme in ["DEFAULT", "DARK"] {
        let Some(stage) = Stage::set_at(&format!("?addon=universal-webhook&theme={theme}")) else { return };
        stage.fire("NEW_CLIENT", None);
        stage.browser.leave_frame();
        for width in [420, 700, 1_000, 1_280] {
            // The panel as wide as the page may be; the drawing follows it while it is looked at.
            stage.browser.script(
                "const frame = document.querySelector('iframe'); frame.style.cssText = `flex: none; width: ${arguments[0]}px`",
                json!([width]),
            );
            stage.browser.enter_frame("iframe");
            stage.browser.until("return window.innerWidth === arguments[0] && document.querySelector('svg.bars text')", json!([width]));
            stage.browser.until("const drawing = document.querySelector('svg.bars'); return Math.abs(drawing.viewBox.baseVal.width - drawing.clientWidth) <= 1", json!([]));
            let labels = stage.browser.until(LABELS, json!([]));
            let size = labels["size"].as_f64().unwrap();
            assert!(size >= LETTER_MIN, "{theme} {width}: {labels}");
            assert!(labels["apart"] == true && labels["within"] == true, "{theme} {width}: {labels}");
            assert!(labels["contrast"].as_f64().unwrap() >= 4.5 && labels["count"].as_u64().unwrap() >= 4, "{theme} {width}: {labels}");
            stage.browser.leave_frame();
        }
    }
}
