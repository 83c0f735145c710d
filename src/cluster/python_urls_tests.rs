//! Which literals of a Python text are addresses.

use super::*;

/// `text` as known; `?` before an unknown host, `~` behind what grows at run time.
fn found(text: &str) -> Vec<String> {
    let say = |url: ScriptUrl| {
        let (before, after) = (if url.host_known { "" } else { "?" }, if url.is_whole { "" } else { "~" });
        format!("{before}{}{after}", url.text)
    };
    urls(text).into_iter().map(say).collect()
}

#[test]
fn urls_are_found_in_every_kind_of_string() {
    assert_eq!(
        found("x = 'https://a.io/x'; y = r\"WSS://b.io:8443\""),
        ["https://a.io/x", "WSS://b.io:8443"]
    );
    assert_eq!(found("x = ('https://'\n 'a.io' # host\n '/x')"), ["https://a.io/x"]);
    assert_eq!(
        found("x = '''\nhttps://a.io/1\nhttps://b.io/2\n'''.split()"),
        ["https://a.io/1", "https://b.io/2"]
    );
    assert_eq!(
        found("x = 'ipfs://Qm1/x', 'www.dropbox.com/s/a/b'"),
        ["ipfs://Qm1/x", "www.dropbox.com/s/a/b"]
    );
}

#[test]
fn what_only_the_running_program_knows_is_told_apart() {
    assert_eq!(found("f'https://{host}/x'"), Vec::<String>::new(), "a statement of its own");
    assert_eq!(found("x = f'https://{host}/x'"), ["?https://~"]);
    assert_eq!(found("x = f'https://a.io/{cid}'"), ["https://a.io/~"]);
    assert_eq!(found("x = f'https://a.{tld}/{cid}'"), ["?https://a.~"]);
    assert_eq!(found("x = 'https://%s/x' % host"), ["?https://%s/x~"]);
    assert_eq!(found("x = 'https://{}/x'.format(host)"), ["?https://{}/x~"]);
    assert_eq!(found("x = 'https://' + host"), ["?https://~"]);
    assert_eq!(found("x = 'https://a.io' + path"), ["https://a.io~"]);
}

#[test]
fn prose_and_what_is_only_looked_at_is_left_alone() {
    for text in [
        "'''Reads https://a.io/x.'''",
        "'https://a.io/x'\n",
        "x = 'see https://a.io/x for more'",
        "print('https://a.io/x')",
        "u.startswith('https://a.io/')",
        "u.replace('https://www.dropbox.com', y)",
        "if u == 'https://a.io': pass",
        "if 'https://a.io' in u: pass",
        "h = {'Referer': 'https://a.io'}",
        "x = u[:8] if u else 'https://'",
        "x = 'https://<host>/x'",
        "x = 'http://www.w3.org/2000/svg'",
        "x = 'http://localhost:8265', 'http://127.0.0.1', 'http://192.168.0.3:1/x', 'http://[::1]:8/'",
        "# 'https://a.io'",
    ] {
        assert_eq!(found(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn commands_that_download_are_looked_into() {
    assert_eq!(found("run('curl -sO \"https://a.io/x\"; ls', shell=True)"), ["https://a.io/x"]);
    assert_eq!(found("x = 'pip install git+https://github.com/a/b'"), ["https://github.com/a/b"]);
    assert_eq!(found("x = 'echo https://a.io'"), Vec::<String>::new());
}

#[test]
fn a_comment_keeps_urls_out() {
    let text = "import x\na = 'https://a.io'  # golem-outbound: not-on-nodes\nb = 'https://b.io'\n\
                # golem-outbound: not-on-nodes\nc = 'https://c.io'\nd = 'https://d.io'\n";
    assert_eq!(found(text), ["https://b.io", "https://d.io"]);
    assert_eq!(found(&format!("# golem-outbound: not-on-nodes (a test)\n{text}")), Vec::<String>::new());
}

#[test]
fn the_place_is_the_url_s_own() {
    let text = "x = [ 'https://a.io/ä' , f'https://b.io/{c}']";
    let urls = urls(text);
    assert_eq!(&text[urls[0].range.clone()], "https://a.io/ä");
    assert_eq!(&text[urls[0].authority.clone()], "https://a.io");
    assert!(urls[0].is_replaceable && !urls[1].is_replaceable);
    let escaped = super::urls("x = 'https:\\x2f/a.io/x'");
    assert!(escaped[0].is_whole && !escaped[0].is_replaceable);
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_it(text in "(x = )?[fr]?['\"](https?://|ipfs://|www.dropbox.com/|curl )?[a-z{}%$<:@\\[\\]./?#\\\\'\" \\n\\tä]{0,30}") {
        for url in urls(&text) {
            proptest::prop_assert!(text.get(url.range.clone()).is_some());
            proptest::prop_assert!(text.get(url.authority.clone()).is_some_and(|text| !text.is_empty()));
        }
    }
}
