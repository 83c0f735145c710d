"""Downloads a list of URLs, one Ray task each: `python3 simple-outbound.py` here, with `ray submit` on Golem's nodes.
URLs on the command line take the place of the list."""
import base64, email.utils, hashlib, json, random, sys, time
from urllib.parse import urljoin, urlsplit
import ray, requests

# A raw IPFS block proves itself by its CID, other content by `#sha256=...`. Every host must stand in `outbound_urls`.
DOWNLOADS = [
    "https://ipfs.io/ipfs/bafkreiemev2isidd7gk7352wxtqh6rwbuumt4vgnkkbx5wi6giaizt2bvq",
    "https://ipfs.io/ipfs/bafkreigks6arfsq3xxfpvqrrwonchxcnu6do76auprhhfomao6c273sixm",
    "https://ipfs.io/ipfs/bafkreifb7tsdmocu76eiz72lrz4hlvqayjuchecbfkgppgzx2cyrcsfq7i",
    "https://ipfs.io/ipfs/bafkreiaplag3id7ckuzs6eiwca3skuheddup7p7espat5omqv6r7m2byhi",
    "https://ipfs.io/ipfs/bafkreibthyfb4j4blugo5zk4i476hxet2vwghy564kz3jlxi53lnoamrum",
    "https://ipfs.io/ipfs/bafkreidfy5gbljugdb53no7zswhust6gxaagqa2kmwnjvvcjsgyiywhs2i",
    "https://ipfs.io/ipfs/bafkreifmvsdmbzqjzkig6yzlbyw2ztfsw56sfmdcd4qox3hbusbvxe7w6a",
    "https://ipfs.io/ipfs/bafkreib7pg5xwq23auzbmuo257jxjtogqhoan6vgly3u4obtpoemubdn5i",
    "https://ipfs.io/ipfs/bafkreidcyzvhuxoxbqyumymampbujzjr43kllhrxtaeeiphjmkz2xvr4li",
    "https://ipfs.io/ipfs/bafkreibwvht7dsk3ql73tf2d4dc4jtuv3a6juqykvrm7qtxtzp5lmfcqna",
    "https://ipfs.io/ipfs/bafkreihwavxppciktfeuynevdal4f3kp2nqivbei54fon4vpvsj625ufjy",
    "https://ipfs.io/ipfs/bafkreif3oielzg25pqcpci3kqkqasos6gp2aii6vxkguezxxbewdxjb3mi",
]

def get(url, redirects=3):
    """The body at the URL. A redirect to another host is refused: the outbound rules do not cover that host."""
    response = requests.get(url, timeout=(3, 30), allow_redirects=False)
    if response.is_redirect and redirects:
        target = urljoin(url, response.headers["Location"])
        if urlsplit(target)[:2] != urlsplit(url)[:2]:
            raise ValueError("redirect refused: declare %s://%s in outbound_urls" % urlsplit(target)[:2])
        return get(target, redirects - 1)
    if response.status_code in (408, 429, 500, 502, 503, 504):  # may pass
        raise requests.HTTPError(f"HTTP {response.status_code}", response=response)
    if response.status_code != 200:
        raise ValueError(f"HTTP {response.status_code}")
    return response.content

def verify(url, body):
    """How the body was verified: "cid", "sha256", or None if nothing tells what it should be."""
    address, _, expected = url.partition("#sha256=")
    kind, cid = "sha256", urlsplit(address).path.partition("/ipfs/")[2]
    if cid.startswith("bafkrei") and len(cid) == 59:  # base32 of four bytes (CIDv1, raw, sha2-256, length) and the hash
        kind, expected = "cid", base64.b32decode(cid[1:].upper() + "======")[4:].hex()
    found = hashlib.sha256(body).hexdigest()
    if expected and found != expected:
        raise ValueError(f"wrong content: its sha256 is {found}, expected {expected}")
    if not expected and "dropbox" in address and b"<html" in body[:500].lower():
        raise ValueError("Dropbox sent a web page, not the file: is the link public, and complete with its rlkey?")
    return kind if expected else None

def retry_delay(attempt, asked):
    """Seconds until the next attempt: what the server's Retry-After asks for, else doubling, with jitter."""
    if asked and asked.isdigit():
        return int(asked)
    date = email.utils.parsedate_tz(asked or "")
    return max(0, email.utils.mktime_tz(date) - time.time()) if date else random.uniform(0.25, 0.5) * 2**attempt

@ray.remote(num_cpus=0.5, scheduling_strategy="SPREAD")
def download(url):
    """A row of the report, and the text; never raises, so that one failure does not hide the other rows."""
    row = dict(url=url.partition("#")[0], ok=False, error=None, bytes=0, verified=None, attempts=0)
    row["node"], text, tries, wait = ray.util.get_node_ip_address(), "?", 5, 0
    while not row["ok"] and row["attempts"] < tries and wait <= 60:  # who asks for more than a minute is left alone
        time.sleep(wait)
        row["attempts"] += 1
        try:
            body = get(row["url"])
            row.update(bytes=len(body), verified=verify(url, body), ok=True, error=None)
            text = body.decode(errors="replace")[:200]
        except requests.RequestException as problem:
            row["error"], headers = str(problem), getattr(problem.response, "headers", {})
            wait = retry_delay(row["attempts"], headers.get("Retry-After"))
            tries = 3 if isinstance(problem, requests.ConnectionError) else 5  # outbound rules cut at once, and always
        except Exception as problem:  # another attempt would end in the same way
            row["error"], tries = str(problem), 0
    return row, text

def main(urls):
    ray.init()
    results = ray.get([download.remote(url) for url in urls])
    for row, text in results:
        print("DOWNLOAD", json.dumps(row))
        if "/ipfs/" not in row["url"]:
            print(f"{row['url']}: {text}")
    print("".join(text for row, text in results if "/ipfs/" in row["url"]))
    sys.exit(0 if all(row["ok"] for row, _ in results) else 1)

if __name__ == "__main__":
    main(sys.argv[1:] or DOWNLOADS)
