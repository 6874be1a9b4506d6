//! Inbox and archive in object storage, against a server of S3 that runs here, on a folder.
#![cfg(test)]

mod common;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};

use common::{NIGHT, Ran, assert_same_tree, bodies, copy, facts, files, night, program, sample, scratch, sha256, tree};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;

const ID: &str = "AKIAEXAMPLE";
const SECRET: &str = "canary/secret+key";

/// A server whose buckets are the folders below `root`; it goes with the test.
struct Server {
    root: PathBuf,
    address: SocketAddr,
}

impl Server {
    fn start(name: &str) -> Self {
        let root = scratch(&format!("{name}-buckets"));
        fs::create_dir(root.join("bucket")).unwrap();
        let (ready, started) = channel();
        let served = root.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(&served, &ready));
        });
        Self { root, address: started.recv().unwrap() }
    }

    fn bucket(&self) -> PathBuf {
        self.root.join("bucket")
    }
}

async fn serve(root: &Path, ready: &Sender<SocketAddr>) {
    let mut service = S3ServiceBuilder::new(FileSystem::new(root).unwrap());
    service.set_auth(SimpleAuth::from_single(ID, SECRET));
    let service = service.build();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    ready.send(listener.local_addr().unwrap()).unwrap();
    let http = auto::Builder::new(TokioExecutor::new());
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let connection = http.serve_connection(TokioIo::new(socket), service.clone()).into_owned();
        tokio::spawn(async move {
            let _ = connection.await;
        });
    }
}

/// The sample month, with its logs in the bucket and no inbox beside it.
fn shop(name: &str, server: &Server, places: &str) -> PathBuf {
    let folder = sample(name);
    copy(&folder.join("inbox"), &server.bucket().join("inbox"));
    fs::remove_dir_all(folder.join("inbox")).unwrap();
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    assert_eq!(config.matches("inbox = \"inbox\"\n").count(), 1);
    let config = config.replace("inbox = \"inbox\"\n", places);
    let storage = format!("\n[object_storage]\nendpoint = \"http://{}\"\nallow_http = true\n", server.address);
    fs::write(folder.join("ritardo.toml"), config + &storage).unwrap();
    folder
}

const BOTH: &str = "inbox = \"s3://bucket/inbox\"\narchive = \"s3://bucket/archive/\"\n";

fn edit(folder: &Path, old: &str, new: &str) {
    let config = fs::read_to_string(folder.join("ritardo.toml")).unwrap();
    assert_eq!(config.matches(old).count(), 1, "{old}");
    fs::write(folder.join("ritardo.toml"), config.replace(old, new)).unwrap();
}

fn asked_with(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = program(folder, arguments);
    for name in ["AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
        command.env_remove(name);
    }
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY").env("NO_PROXY", "127.0.0.1");
    let ran = Ran::of(&command.envs(variables.iter().copied()).output().unwrap());
    assert!(!ran.out.contains(SECRET) && !ran.err.contains(SECRET), "the secret is shown: {ran:?}");
    ran
}

fn asked(folder: &Path, arguments: &[&str]) -> Ran {
    asked_with(folder, arguments, &[("AWS_ACCESS_KEY_ID", ID), ("AWS_SECRET_ACCESS_KEY", SECRET)])
}

const RUN: [&str; 3] = ["run", "--as-of", NIGHT];

#[test]
fn a_night_from_a_bucket_is_a_night_from_a_folder() {
    let server = Server::start("objects-night");
    let (local, remote) = (sample("objects-night-local"), shop("objects-night-remote", &server, BOTH));
    let (here, there) = (night(&local), asked(&remote, &RUN));
    assert_eq!(here, there);
    let (here, there) = (local.join("state"), remote.join("state"));
    assert_eq!(facts(&here), facts(&there));
    for kind in ["key", "file", "set_aside", "invoice", "documents", "mail"] {
        assert_eq!(bodies(&here, kind), bodies(&there, kind), "{kind}");
    }
    for folder in ["archive", "names", "rejects", "charges", "issued"] {
        assert_same_tree(&here.join(folder), &there.join(folder));
    }
    assert_same_tree(&local.join("inbox"), &there.join("inbox"));
    assert_same_tree(&here.join("archive"), &server.bucket().join("archive"));

    // The same night again reads nothing and changes no file, neither here nor there.
    let before = (tree(&there), tree(&server.bucket()));
    let again = asked(&remote, &RUN).expect(0);
    assert!(again.out.contains("nothing   to do"), "{}", again.out);
    assert!(before == (tree(&there), tree(&server.bucket())), "a second run changed something");
    asked(&remote, &["run", "--as-of", NIGHT, "--dry-run"]).expect(0);
    asked(&remote, &["verify"]).expect(0);
}

#[test]
fn what_is_replaced_is_fetched_again_and_what_is_removed_goes() {
    let server = Server::start("objects-replaced");
    let folder = shop("objects-replaced", &server, BOTH);
    let (there, here) = (server.bucket().join("inbox/notes.csv"), folder.join("state/inbox/notes.csv"));
    fs::write(&there, "first").unwrap();
    asked(&folder, &RUN).expect(65);
    assert_eq!(fs::read(&here).unwrap(), b"first");
    // As long as before: the listing tells it by its time alone.
    fs::write(&there, "other").unwrap();
    let ran = asked(&folder, &RUN).expect(65);
    assert!(ran.out.contains("notes.csv"), "{}", ran.out);
    assert_eq!(fs::read(&here).unwrap(), b"other");
    fs::remove_file(&there).unwrap();
    fs::create_dir(&there).unwrap();
    fs::write(there.join("deep.csv"), "deep").unwrap();
    asked(&folder, &RUN).expect(65);
    assert_eq!(fs::read(here.join("deep.csv")).unwrap(), b"deep");
    fs::remove_dir_all(&there).unwrap();
    asked(&folder, &RUN);
    assert!(!here.exists());
    assert_same_tree(&server.bucket().join("inbox"), &folder.join("state/inbox"));
    // What somebody did to the copy is undone.
    let log = files(&folder.join("state/inbox")).remove(0);
    fs::write(folder.join("state/inbox").join(&log), "cut").unwrap();
    fs::write(folder.join("state/inbox/foreign.csv"), "foreign").unwrap();
    asked(&folder, &RUN);
    assert_same_tree(&server.bucket().join("inbox"), &folder.join("state/inbox"));
}

#[test]
fn a_listing_of_many_pages_is_brought_whole() {
    let server = Server::start("objects-pages");
    let folder = shop("objects-pages", &server, "inbox = \"s3://bucket/inbox\"\n");
    let notes = server.bucket().join("inbox/notes");
    fs::create_dir(&notes).unwrap();
    (0..2_100).for_each(|number| fs::write(notes.join(format!("{number}.txt")), number.to_string()).unwrap());
    fs::write(notes.join("empty.txt"), "").unwrap();
    asked(&folder, &RUN).expect(65);
    assert_same_tree(&notes, &folder.join("state/inbox/notes"));
    assert!(folder.join("state/archive").exists() && !server.bucket().join("archive").exists());
}

#[test]
fn an_archive_that_is_gone_here_is_brought_back() {
    let server = Server::start("objects-archive");
    let folder = shop("objects-archive", &server, "inbox = \"s3://bucket/inbox\"\narchive = \"s3://bucket/a/b\"\n");
    asked(&folder, &RUN).expect(0);
    let state = folder.join("state");
    let (archive, bucket) = (state.join("archive"), server.bucket().join("a/b"));
    let audit = ["audit", "2018-08"];
    let before = asked(&folder, &audit).expect(0);
    for more in [&[][..], &["--by-rows"]] {
        fs::remove_dir_all(&archive).unwrap();
        assert_eq!(asked(&folder, &[&audit[..], more].concat()), before);
    }
    fs::remove_dir_all(&archive).unwrap();
    asked(&folder, &["verify"]).expect(0);
    assert_same_tree(&archive, &bucket);
    fs::remove_dir_all(&archive).unwrap();
    asked(&folder, &["export-month", "2018-08", "month.tar.zst"]).expect(0);
    asked_with(&folder, &["audit", "month.tar.zst"], &[]).expect(0);

    // Damaged in the bucket, it is named and not taken.
    let _ = fs::remove_dir_all(&archive);
    let part = files(&bucket).into_iter().find(|name| name.starts_with("2018-08/")).unwrap();
    let sound = fs::read(bucket.join(&part)).unwrap();
    let mut damaged = sound.clone();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(bucket.join(&part), &damaged).unwrap();
    let url = format!("s3://bucket/a/b/{part}");
    for arguments in [&["verify"][..], &audit] {
        let ran = asked(&folder, arguments).expect(1);
        assert!(ran.out.contains(&url) || ran.err.contains(&url), "{ran:?}");
        assert!(!archive.join(&part).exists(), "damaged bytes are kept");
    }
    fs::write(bucket.join(&part), &sound).unwrap();
    asked(&folder, &["verify"]).expect(0);
    assert_eq!(sha256(&fs::read(archive.join(&part)).unwrap()), part[8..part.len() - 8]);

    // Lost or cut in the bucket, it is told of while it is still here.
    fs::write(bucket.join(&part), "cut").unwrap();
    let ran = asked(&folder, &["verify"]).expect(1);
    assert!(ran.out.contains(&url) && ran.out.contains("it has 3 bytes"), "{}", ran.out);
    fs::remove_file(bucket.join(&part)).unwrap();
    let ran = asked(&folder, &["verify"]).expect(1);
    assert!(ran.out.contains(&format!("{url}: missing")), "{}", ran.out);
}

#[test]
fn what_cannot_be_put_is_not_known() {
    let server = Server::start("objects-put");
    let places = "inbox = \"s3://bucket/inbox\"\narchive = \"s3://bucket/full/archive\"\n";
    // No folder can be made where a file lies: this server then says that something is wrong with it.
    fs::write(server.bucket().join("full"), "").unwrap();
    let folder = shop("objects-put", &server, places);
    asked(&folder, &RUN).expect(75);
    assert!(bodies(&folder.join("state"), "file").is_empty(), "a file is known whose parts are nowhere");
    // Other bytes under the name of a part are not written over.
    edit(&folder, "s3://bucket/full/archive", "s3://bucket/archive");
    let archive = folder.join("state/archive");
    let part = files(&archive).remove(0);
    let taken = server.bucket().join("archive").join(&part);
    fs::create_dir_all(taken.parent().unwrap()).unwrap();
    fs::write(&taken, "other").unwrap();
    let ran = asked(&folder, &RUN).expect(1);
    assert!(ran.err.contains(&format!("s3://bucket/archive/{part}")), "{}", ran.err);
    assert_eq!(fs::read(&taken).unwrap(), b"other");
    // What a run that was killed had put stays and serves.
    fs::copy(archive.join(&part), &taken).unwrap();
    asked(&folder, &RUN).expect(0);
    assert_same_tree(&archive, &server.bucket().join("archive"));
}

#[test]
fn what_goes_wrong_on_the_way_is_told_by_its_kind() {
    let server = Server::start("objects-wrong");
    let folder = shop("objects-wrong", &server, BOTH);
    let with = |id: &str, secret: &str, code: i32, part: &str| {
        let ran =
            asked_with(&folder, &RUN, &[("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)]).expect(code);
        assert!(ran.err.contains(part) && ran.err.contains("hint: "), "{}", ran.err);
        assert!(!ran.err.contains("canary"), "{}", ran.err);
    };
    with("", "", 78, "`AWS_ACCESS_KEY_ID`, which the object storage needs, is not set");
    with(ID, "", 78, "`AWS_SECRET_ACCESS_KEY`");
    with("", SECRET, 78, "`AWS_ACCESS_KEY_ID`");
    with(ID, "canary\n", 78, "has a blank, a line end");
    with(ID, "canary-of-another", 77, "does not take the credentials");
    edit(&folder, "s3://bucket/inbox", "s3://nobody/inbox");
    with(ID, SECRET, 78, "the bucket does not exist");
    // A port at which nobody listens.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    edit(&folder, &server.address.to_string(), &closed.to_string());
    with(ID, SECRET, 75, "was not reached");
    assert!(bodies(&folder.join("state"), "file").is_empty());
}
