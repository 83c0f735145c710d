//! A step's prose on the page: its Markdown as HTML.
//!
//! May import nothing of the house. Pure. Invariant: nothing of the prose is HTML of its own or asks for anything: raw HTML
//! is shown as text, a picture by its words, and only a web address is a link.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// The prose as HTML; headings stand below those of the page.
pub(super) fn html(markdown: &str) -> String {
    let mut links: Vec<bool> = Vec::new();
    let shown = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            let leads = ["https://", "http://"].iter().any(|scheme| dest_url.starts_with(scheme));
            links.push(leads);
            leads.then_some(event)
        }
        Event::End(TagEnd::Link) => links.pop().unwrap_or_default().then_some(event),
        Event::Start(Tag::Heading { classes, attrs, .. }) => {
            Some(Event::Start(Tag::Heading { level: HeadingLevel::H3, id: None, classes, attrs }))
        }
        Event::End(TagEnd::Heading(_)) => Some(Event::End(TagEnd::Heading(HeadingLevel::H3))),
        event => Some(event),
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, shown);
    // Who has no mouse scrolls what is wide by its focus.
    html.replace("<pre>", "<pre tabindex=\"0\">")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lists_and_code_become_html() {
        let prose = "Some `code` and *more*.\n\n1. one\n2. two\n\n```yaml\na: <b>\n```\n";
        assert_eq!(
            html(prose),
            "<p>Some <code>code</code> and <em>more</em>.</p>\n<ol>\n<li>one</li>\n<li>two</li>\n</ol>\n\
             <pre tabindex=\"0\"><code class=\"language-yaml\">a: &lt;b&gt;\n</code></pre>\n"
        );
    }

    #[test]
    fn nothing_of_the_prose_is_html_of_its_own_or_leads_elsewhere_than_to_the_web() {
        let prose = "<script>x()</script>\n\na <b onclick=x>b</b> ![words](http://x/p.png) [here](02-x.md) \
                     [bad](javascript:x) <data:text/html,x> [web](https://x/?a=1&b=\"2\")\n\n# Title\n";
        let shown = html(prose);
        for absent in ["<script", "<b ", "<img", "p.png", "javascript", "\"data:", "<h1"] {
            assert!(!shown.contains(absent), "{absent} in {shown}");
        }
        for present in [
            "&lt;script&gt;",
            "words",
            "here",
            "<a href=\"https://x/?a=1&amp;b=%222%22\">web</a>",
            "<h3>Title",
        ] {
            assert!(shown.contains(present), "no {present} in {shown}");
        }
    }
}
