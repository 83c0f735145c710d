//! The HTML report in a real browser, light and dark, wide and narrow: nothing breaks, everything can be read.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{STEPS, WALK, green, walked, written};

/// Shows the page in a frame and says what it looks like; the page itself has no script.
const LOOK: &str = r#"<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<style>body { margin: 0 } iframe { border: 0; height: 900px }</style>
<iframe style="width: WIDTHpx" src="PAGE"></iframe><pre id="seen"></pre>
<script>
const frame = document.querySelector('iframe');
const channels = colour => (colour.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
const opaque = colour => channels(colour).length < 4 || channels(colour)[3] === 1;
const light = colour => {
  const [r, g, b] = channels(colour).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
frame.onload = () => {
  const page = frame.contentDocument, view = frame.contentWindow;
  page.querySelectorAll('details').forEach(details => details.open = true);
  const back = element => {
    for (; element; element = element.parentElement) {
      const colour = view.getComputedStyle(element).backgroundColor;
      if (opaque(colour)) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  let least = 99, worst = '';
  for (const element of page.body.querySelectorAll('*')) {
    if (element.tagName === 'title') continue;
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    const style = view.getComputedStyle(element);
    const text = element instanceof view.SVGElement ? style.fill : style.color;
    const [a, b] = [light(text), light(back(element))].sort((a, b) => b - a);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < least) [least, worst] = [contrast, element.outerHTML.slice(0, 120)];
  }
  const root = page.documentElement;
  document.getElementById('seen').textContent = JSON.stringify({
    contrast: least, worst, back: back(page.body), bars: page.querySelectorAll('svg .bar[data-step]:not(.teardown)').length,
    title: page.title, overflow: root.scrollWidth - root.clientWidth, simulated: page.body.innerText.toLowerCase().includes('simulated'),
  });
};
</script>"#;

/// What the browser printed of the page at the end, and what it said on its console.
fn browse(folder: &Path, page: &Path, dark: bool) -> (String, String) {
    let profile = tempfile::tempdir().unwrap();
    let mut chromium = Command::new("chromium");
    chromium
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-sync",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--allow-file-access-from-files",
        ])
        .args([
            "--enable-logging=stderr",
            "--dump-dom",
            "--virtual-time-budget=5000",
            "--window-size=1300,1000",
        ])
        .arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!dark)))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", page.display()))
        .current_dir(folder);
    let output = chromium.output().unwrap_or_else(|error| {
        panic!("failed to start the browser, Debian's package `chromium`: {error}");
    });
    let said = String::from_utf8_lossy(&output.stderr);
    let console: Vec<&str> = said.lines().filter(|line| line.contains("CONSOLE")).collect();
    (String::from_utf8_lossy(&output.stdout).into_owned(), console.join("\n"))
}

fn look(folder: &Path, width: usize, dark: bool) -> Value {
    let page = folder.join("look.html");
    std::fs::write(&page, LOOK.replace("WIDTH", &width.to_string()).replace("PAGE", "x.html")).unwrap();
    let (dom, console) = browse(folder, &page, dark);
    assert_eq!(console, "");
    let seen = dom.split_once("<pre id=\"seen\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let seen = seen.unwrap_or_else(|| panic!("nothing was seen: {dom}")).0;
    let seen = seen.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&seen).unwrap_or_else(|error| panic!("{error}: {seen}"))
}

/// Each walk in one light wide and in the other one narrow.
fn assert_readable(walk: &str, narrow_and_dark: bool, title: &str) {
    let folder = walked(walk);
    written(folder.path(), "x.html");
    for (width, dark) in [(1200, !narrow_and_dark), (400, narrow_and_dark)] {
        let seen = look(folder.path(), width, dark);
        assert!(seen["contrast"].as_f64().unwrap() >= 4.5, "{seen}");
        assert_eq!((&seen["bars"], &seen["overflow"]), (&STEPS.into(), &0.into()), "{seen}");
        assert_eq!(seen["title"], title);
        assert_eq!(seen["simulated"], true);
        assert_eq!(seen["back"], if dark { "rgb(17, 21, 27)" } else { "rgb(246, 247, 249)" });
    }
}

#[test]
fn the_page_of_a_failed_walk_can_be_read_in_light_and_dark_wide_and_narrow() {
    assert_readable(WALK, true, "demo on localnet (simulated): failed");
}

#[test]
fn the_page_of_a_walk_that_passed_can_be_read_in_light_and_dark_wide_and_narrow() {
    assert_readable(green::WALK, false, "demo on localnet (simulated): passed");
}

/// The console is really listened to.
#[test]
fn a_script_error_would_be_seen() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("broken.html");
    std::fs::write(&page, "<!doctype html><script>nobody.knows()</script>").unwrap();
    let (_, console) = browse(folder.path(), &page, false);
    assert!(console.contains("nobody is not defined"), "{console}");
}
