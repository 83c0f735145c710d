"""Test cases for simple-outbound.py, whose path stands in SCRIPT, against a server on 127.0.0.1."""
import email.utils
import hashlib
import http.server
import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
import unittest

spec = importlib.util.spec_from_file_location("simple_outbound", os.environ["SCRIPT"])
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)

RAW = "/ipfs/bafkreiemev2isidd7gk7352wxtqh6rwbuumt4vgnkkbx5wi6giaizt2bvq"  # names b"R"
SHA_OF_X = hashlib.sha256(b"x").hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Answers each path with its list of (status, headers, body), the last one again and again."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked = {}, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path, *answers):
        self.answers[path.partition("#")[0]] = list(answers)
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, time.monotonic()))
        answers = self.server.answers[self.path]
        status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        pass


class Downloads(unittest.TestCase):
    """The function behind the Ray task, without Ray."""

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def download(self, path, *answers):
        return script.download._function(self.server.url(path, *answers))

    def refused(self, words, attempts, path, *answers):
        row, text = self.download(path, *answers)
        self.assertEqual((row["ok"], row["verified"], text, row["attempts"]), (False, None, "?", attempts), row)
        self.assertIn(words, row["error"])

    def test_a_raw_block_is_verified_by_its_cid(self):
        row, text = self.download(RAW, (200, {}, b"R"))
        self.assertEqual((row["ok"], row["error"], row["bytes"], row["verified"], row["attempts"], text),
                         (True, None, 1, "cid", 1, "R"))

    def test_wrong_content_is_refused_at_once(self):
        self.refused("wrong content", 1, RAW, (200, {}, b"S"))
        self.refused("wrong content", 1, "/y#sha256=" + SHA_OF_X, (200, {}, b"y"))

    def test_a_pinned_hash_verifies_and_is_not_sent(self):
        row, _ = self.download("/x#sha256=" + SHA_OF_X, (200, {}, b"x"))
        self.assertEqual((row["verified"], self.server.asked[0][0], "#" in row["url"]), ("sha256", "/x", False))

    def test_without_a_hash_nothing_is_claimed(self):
        row, _ = self.download("/x", (200, {}, b"x"))
        self.assertEqual((row["ok"], row["verified"]), (True, None))

    def test_a_web_page_in_place_of_a_dropbox_file_is_refused(self):
        page = b"<!DOCTYPE html><html><title>Dropbox - Login</title></html>"
        self.refused("web page", 1, "/dropbox/x.txt", (200, {"Content-Type": "text/html"}, page))

    def test_retry_after_is_honoured(self):
        row, _ = self.download("/x", (429, {"Retry-After": "1"}, b""), (200, {}, b"x"))
        (_, first), (_, second) = self.server.asked
        self.assertEqual((row["ok"], row["attempts"]), (True, 2))
        self.assertGreaterEqual(second - first, 1)

    def test_who_asks_for_five_minutes_is_left_alone(self):
        self.refused("HTTP 429", 1, "/x", (429, {"Retry-After": "300"}, b""))

    def test_a_busy_server_is_asked_again(self):
        row, _ = self.download("/x", (503, {}, b""), (200, {}, b"x"))
        self.assertEqual((row["ok"], row["attempts"], row["error"]), (True, 2, None))

    def test_what_will_not_pass_is_not_asked_again(self):
        for status in (403, 404, 410, 451):
            self.refused(f"HTTP {status}", 1, f"/{status}", (status, {}, b""))

    def test_a_cut_body_is_asked_for_again(self):
        row, _ = self.download("/x", (200, {"Content-Length": "9"}, b"x"), (200, {}, b"x"))
        self.assertEqual((row["ok"], row["attempts"]), (True, 2))

    def test_a_redirect_to_another_host_names_what_to_declare(self):
        target = {"Location": "https://uc1.dl.dropboxusercontent.com/cd/0/inline/x/file#"}
        self.refused("declare https://uc1.dl.dropboxusercontent.com in outbound_urls", 1, "/x", (302, target, b""))

    def test_a_redirect_on_the_same_host_is_followed_but_not_for_ever(self):
        self.server.url("/b", (200, {}, b"x"))
        row, text = self.download("/a", (301, {"Location": "/b"}, b""))
        self.assertEqual((row["ok"], text), (True, "x"))
        self.refused("HTTP 302", 1, "/loop", (302, {"Location": "/loop"}, b""))

    def test_a_host_that_is_cut_off_is_given_up_soon(self):
        self.server.server_close()
        self.server.shutdown()
        begin = time.monotonic()
        row, _ = script.download._function(f"http://127.0.0.1:{self.server.server_port}/")
        self.assertEqual((row["ok"], row["attempts"]), (False, 3))
        self.assertLess(time.monotonic() - begin, 10)

    def test_the_delay_doubles_and_a_date_is_understood(self):
        for attempt in range(1, 5):
            self.assertTrue(0.25 * 2**attempt <= script.retry_delay(attempt, None) <= 0.5 * 2**attempt)
        self.assertEqual(script.retry_delay(1, "7"), 7)
        soon = email.utils.formatdate(time.time() + 20, usegmt=True)
        self.assertTrue(15 < script.retry_delay(1, soon) <= 20)
        self.assertTrue(script.retry_delay(1, "soon") <= 1)


class UnderRay(unittest.TestCase):
    """The script as a learner runs it, with URLs on its command line."""

    def test_a_good_and_a_bad_download(self):
        server = Server()
        good, bad = server.url(RAW, (200, {}, b"R")), server.url("/gone", (410, {}, b""))
        for urls, code in ([good], 0), ([good, bad], 1):
            run = subprocess.run([sys.executable, os.environ["SCRIPT"], *urls], capture_output=True, text=True)
            self.assertEqual(run.returncode, code, run.stderr)
            lines = run.stdout.splitlines()
            rows = [json.loads(line[9:]) for line in lines if line.startswith("DOWNLOAD ")]
            self.assertEqual([(row["url"], row["ok"]) for row in rows], [(url, url == good) for url in urls])
            keys = {"url", "ok", "error", "bytes", "verified", "attempts", "node"}
            self.assertTrue(all(set(row) == keys and row["node"] for row in rows))
            self.assertIn("R", lines)


if __name__ == "__main__":
    unittest.main()
