//! A chain for the real yagna: answers just enough JSON-RPC for its wallet to hold 1000 tokens.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// What the wallet of every identity holds, in attos.
const FUNDS: u128 = 1000 * 1_000_000_000_000_000_000;
const GAS: u128 = 2 * 1_000_000_000_000_000_000;
/// Holesky's number.
const CHAIN: u64 = 17_000;
/// The beginning of a call through the contract that adds the block's number and time to another contract's answer.
const CALL_WITH_DETAILS: &str = "0x863e0a02";

/// Serves until the process ends.
pub fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a listener has an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let _ = answer_all(stream);
            });
        }
    });
    address
}

fn answer_all(stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let answer = match serde_json::from_slice(&body)? {
            Value::Array(calls) => calls.iter().map(answer).collect(),
            call => answer(&call),
        };
        let text = answer.to_string();
        write!(
            writer,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        )?;
    }
}

fn answer(call: &Value) -> Value {
    let result = match call["method"].as_str().unwrap_or_default() {
        "eth_chainId" => json!(format!("{CHAIN:#x}")),
        "eth_blockNumber" => json!("0x100"),
        "eth_getBlockByNumber" => block(),
        "eth_getBalance" => json!(format!("{GAS:#x}")),
        "eth_call" => {
            let call = &call["params"][0];
            let data = call["data"].as_str().or_else(|| call["input"].as_str()).unwrap_or_default();
            json!(if data.starts_with(CALL_WITH_DETAILS) { details() } else { words(&[FUNDS]) })
        }
        _ => json!("0x0"),
    };
    json!({"jsonrpc": "2.0", "id": call["id"], "result": result})
}

fn seconds() -> u128 {
    u128::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

/// A tuple of chain, block, time, gas and the other contract's answer as bytes, in the contract interface's encoding.
fn details() -> String {
    words(&[0x20, u128::from(CHAIN), 0x100, seconds(), GAS, 0xa0, 0x20, FUNDS])
}

fn words(words: &[u128]) -> String {
    words.iter().fold("0x".to_owned(), |text, word| format!("{text}{word:064x}"))
}

fn block() -> Value {
    let (hash, address) = (format!("0x{:064x}", 0), format!("0x{:040x}", 0));
    json!({
        "number": "0x100", "hash": hash, "parentHash": hash, "nonce": "0x0000000000000000", "sha3Uncles": hash,
        "logsBloom": format!("0x{:0512x}", 0), "transactionsRoot": hash, "stateRoot": hash, "receiptsRoot": hash,
        "miner": address, "difficulty": "0x0", "totalDifficulty": "0x0", "extraData": "0x", "size": "0x1",
        "gasLimit": "0x1c9c380", "gasUsed": "0x0", "timestamp": format!("{:#x}", seconds()), "transactions": [],
        "uncles": [], "mixHash": hash, "baseFeePerGas": "0x7",
    })
}
