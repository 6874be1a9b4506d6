//! I20, I22 and I23: numbers of two owners, files that change while they are read, and things that are no files.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::common::{NIGHT, Ran, bodies, charges, facts, program, sha256, text};
use crate::shop::{AUGUST, DESK, HEADER, Shop, log, many};

const CAFE: &str = "\n[[business]]\nid = \"bologna-cafe\"\nlegal_name = \"Caffè Esempio S.n.c.\"\n\
    address = [\"Via degli Esempi 14\", \"40126 Bologna BO\"]\ncountry = \"IT\"\nvat_id = \"IT99999990379\"\n\
    emails = [\"accounts@caffe.example\"]\nlanguage = \"en\"\nzone = \"Europe/Rome\"\nfirst_month = \"2018-08\"\n\
    vat = { treatment = \"reverse-charge\" }\n\n";

/// Two businesses whose exports use the same ids, and a number that moves from one to the other: no line crosses.
#[test]
fn i20_no_line_crosses_from_one_business_to_another() {
    let shop = Shop::new("i20", DESK);
    let of_cafe = |log: String| log.replace("bologna-bakery", "bologna-cafe").replace("+390510000417", "+390510000999");
    shop.write(
        "businesses.toml",
        shop.text("businesses.toml") + CAFE + "[[business.channel]]\nid = \"+390510000999\"\n",
    );
    shop.put("desk/bakery.csv", log(&AUGUST));
    // The same ids and customers; what the bakery answered in time the café did not, and the other way round.
    let other = [
        AUGUST[0],
        AUGUST[3],
        ("b-answer", "outbound", "2018-08-18T10:00:00Z"),
        AUGUST[1],
        ("a-answer", "outbound", "2018-08-10T11:00:00Z"),
        AUGUST[5],
    ];
    shop.put("desk/cafe.csv", of_cafe(log(&other)));
    shop.night(0);
    let billed = |shop: &Shop| -> Vec<(String, String)> {
        charges(&shop.state()).into_iter().map(|(business, _, message, _)| (business, message)).collect()
    };
    let pairs =
        |list: &[(&str, &str)]| list.iter().map(|(b, m)| ((*b).to_owned(), (*m).to_owned())).collect::<Vec<_>>();
    assert_eq!(billed(&shop), pairs(&[("bologna-bakery", "a-late"), ("bologna-cafe", "b-prompt")]));

    // The bakery's number becomes the café's in the middle of the month.
    let shop = Shop::new("i20-moved", DESK);
    let book = shop.text("businesses.toml")
        + "to = \"2018-08-14T00:00:00+02:00\"\n"
        + CAFE
        + "[[business.channel]]\nid = \"+390510000417\"\nfrom = \"2018-08-14T00:00:00+02:00\"\n";
    shop.write("businesses.toml", &book);
    let rows = [
        ("z-first", "outbound", "2018-07-31T10:00:00Z"),
        ("a-bakery", "inbound", "2018-08-13T21:59:59Z"),
        ("a-cafe", "inbound", "2018-08-13T22:00:00Z"),
        ("z-last", "outbound", "2018-09-04T10:00:00Z"),
    ];
    let log = log(&rows);
    let of_cafe = |line: &str| {
        if line.starts_with("a-cafe") || line.starts_with("z-last") {
            line.replace("bakery,", "cafe,")
        } else {
            line.to_owned()
        }
    };
    shop.put("desk/both.csv", log.lines().map(|line| of_cafe(line) + "\n").collect::<String>());
    shop.night(0);
    assert_eq!(billed(&shop), pairs(&[("bologna-bakery", "a-bakery"), ("bologna-cafe", "a-cafe")]));
    shop.write("businesses.toml", book.replace("from = \"2018-08-14", "from = \"2018-08-13"));
    let refused = shop.ritardo(&["check"]).expect(78);
    assert!(refused.err.contains("is owned twice at the same time"), "{}", refused.err);
}

/// A file that is written to while the run reads it: one state of it is read, or none, and the next night all of it.
#[test]
fn i22_a_file_that_grows_while_it_is_read_is_read_whole_or_later() {
    // The answer comes with the last rows: a half of the file by itself would charge its question.
    let (rows, length) = (many(200_000), many(1).len());
    let whole = log(&AUGUST[..4]) + &rows + &log(&AUGUST[4..])[HEADER.len() + 1..];
    let (begins, step) = (log(&AUGUST[..4]).len() + 150_000 * length, 2_500 * length);
    let lengths = (begins..whole.len()).step_by(step).chain([whole.len()]);
    let known: BTreeSet<String> = lengths.map(|length| sha256(&whole.as_bytes()[..length])).collect();
    for attempt in 0..3 {
        let shop = Shop::new(&format!("i22-grows-{attempt}"), DESK);
        shop.put("desk/august.csv", &whole[..begins]);
        let path = shop.folder.join("inbox/desk/august.csv");
        let run = &["run", "--as-of", "2018-09-04T10:00:01Z"];
        let mut child = program(&shop.folder, run).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(40 * attempt));
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        for piece in whole.as_bytes()[begins..].chunks(step) {
            file.write_all(piece).unwrap();
            std::thread::sleep(Duration::from_millis(8));
        }
        assert_eq!(child.wait().unwrap().code(), Some(0), "attempt {attempt}");
        let read: Vec<String> = bodies(&shop.state(), "file").iter().map(|file| text(file, "sha256")).collect();
        assert!(read.len() <= 1 && read.iter().all(|sha256| known.contains(sha256)), "a state that the file never had");
        assert!(bodies(&shop.state(), "set_aside").is_empty());
        shop.night(0);
        let last = bodies(&shop.state(), "file").pop().unwrap();
        assert_eq!((text(&last, "sha256"), last["rows"].as_u64()), (sha256(whole.as_bytes()), Some(200_006)));
        assert_eq!(shop.billed(), ["a-late"]);
    }
    replaced_while_it_is_read();
}

/// A file that is replaced, again and again, by another one.
fn replaced_while_it_is_read() {
    let shop = Shop::new("i22-replaced", DESK);
    let (one, other) = (log(&AUGUST) + &many(60_000), log(&AUGUST[..3]) + &many(50_000));
    let path = shop.folder.join("inbox/desk/august.csv");
    shop.put("desk/august.csv", &one);
    let over = AtomicBool::new(false);
    let ran = std::thread::scope(|scope| {
        scope.spawn(|| {
            for count in 0_usize.. {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                shop.put("desk/.new", if count.is_multiple_of(2) { &other } else { &one });
                fs::rename(shop.folder.join("inbox/desk/.new"), &path).unwrap();
            }
        });
        let ran = shop.run("2018-09-04T10:00:01Z");
        over.store(true, Ordering::Relaxed);
        ran
    });
    ran.expect(0);
    let known = [sha256(one.as_bytes()), sha256(other.as_bytes())];
    assert!(bodies(&shop.state(), "file").iter().all(|file| known.contains(&text(file, "sha256"))));
    shop.put("desk/august.csv", &one);
    shop.night(0);
    let sound = Shop::new("i22-sound", DESK);
    sound.put("desk/august.csv", &one);
    sound.night(0);
    assert_eq!(shop.billed(), ["a-late"]);
    assert!(facts(&shop.state()) == facts(&sound.state()));
}

/// What the program says, or a failure when it does not end.
fn within(limit: Duration, folder: &Path, arguments: &[&str]) -> Ran {
    let mut child = program(folder, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > limit {
            child.kill().unwrap();
            panic!("{arguments:?} did not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ran::of(&child.wait_with_output().unwrap())
}

/// Pipes, devices, links and sockets never end, or lead elsewhere: they are passed over and named, and the run ends.
#[test]
fn i23_what_is_no_file_is_passed_over_and_named() {
    let shop = Shop::with_lab("i23");
    let lab = shop.folder.join("inbox/lab");
    fs::create_dir_all(lab.join("2018-08-10.csv")).unwrap();
    shop.put("lab/2018-08-10.csv/inside.csv", format!("{HEADER}\n"));
    assert!(Command::new("mkfifo").arg(lab.join("pipe.csv")).status().unwrap().success());
    symlink("/dev/zero", lab.join("zero.csv")).unwrap();
    symlink("..", lab.join("up")).unwrap();
    symlink("loop-b.csv", lab.join("loop-a.csv")).unwrap();
    symlink("loop-a.csv", lab.join("loop-b.csv")).unwrap();
    shop.write("elsewhere.csv", log(&[("e-elsewhere", "inbound", "2018-08-20T10:00:00Z")]));
    symlink(shop.folder.join("elsewhere.csv"), lab.join("link.csv")).unwrap();
    // The name of a socket is short: it is made beside the test and moved.
    let socket = std::env::temp_dir().join(format!("ritardo-i23-{}", std::process::id()));
    let _listener = UnixListener::bind(&socket).unwrap();
    let moved = fs::rename(&socket, lab.join("socket.csv"));
    let ran = within(Duration::from_secs(60), &shop.folder, &["run", "--as-of", NIGHT, "--format", "json"]).expect(0);
    let summary = ran.json();
    let mut expected = vec!["link.csv", "loop-a.csv", "loop-b.csv", "pipe.csv", "socket.csv", "up", "zero.csv"];
    if moved.is_err() {
        // Another file system.
        fs::remove_file(&socket).unwrap();
        expected.retain(|name| *name != "socket.csv");
    }
    let expected: Vec<String> = expected.into_iter().map(|name| format!("lab/{name}")).collect();
    let passed: Vec<&str> =
        summary["passed_over"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(passed, expected);
    assert!(shop.read().contains("lab/2018-08-10.csv/inside.csv"), "a folder is a folder, whatever its name");
    assert_eq!(shop.billed(), ["a-late"], "what lies elsewhere is not read");
    let said = shop.run("2018-09-06T00:00:00Z").expect(0).out;
    assert!(said.contains("lab/link.csv"), "{said}");
    for name in ["zero.csv", "loop-a.csv"] {
        let path = format!("inbox/lab/{name}");
        let told = within(Duration::from_secs(60), &shop.folder, &["inspect", &path]);
        assert!([65, 74].contains(&told.code), "{name}: {told:?}");
    }
}
