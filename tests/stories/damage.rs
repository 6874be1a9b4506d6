//! I1 to I6: files that are damaged, that were made to harm, or that are written otherwise than they should be.

use std::fs;
use std::time::{Duration, Instant};

use parquet::file::metadata::{FileMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter};
use serde_json::json;

use crate::common::{facts, gzip, parquet_of, root, sha256, zstd};
use crate::shop::{AUGUST, DESK, HEADER, Shop, log, row, sheet};

/// What comes out where nothing is in the lab.
fn undisturbed(name: &str) -> Shop {
    let shop = Shop::with_lab(name);
    shop.night(0);
    assert_eq!(shop.billed(), ["a-late"]);
    shop
}

/// A Parquet file that was cut off while it was copied, or has a turned byte, is set aside as a whole.
#[test]
fn i01_damaged_parquet_is_set_aside_as_a_whole() {
    let (shop, sound) = (Shop::with_lab("i01"), Shop::with_lab("i01-sound"));
    let whole = fs::read(root().join("tests/hostile/log.parquet")).unwrap();
    let cuts: Vec<usize> = (1..=12).map(|part| whole.len() * part / 13).chain([whole.len() - 1]).collect();
    for cut in &cuts {
        shop.put(&format!("lab/cut-{cut}.parquet"), &whole[..*cut]);
    }
    let mut turned = whole.clone();
    let footer = u32::from_le_bytes(whole[whole.len() - 8..whole.len() - 4].try_into().unwrap()) as usize;
    let footer = whole.len() - 8 - footer;
    turned[footer..footer + 40].reverse();
    shop.put("lab/turned.parquet", turned);
    for shop in [&shop, &sound] {
        shop.put("lab/whole.parquet", &whole);
    }
    shop.night(65);
    sound.night(0);
    let aside = shop.aside();
    assert_eq!(aside.len(), cuts.len() + 1, "{aside:?}");
    assert!(aside.values().all(|reason| reason.contains("Parquet") || reason.contains("form of the log")), "{aside:?}");
    assert!(shop.read().contains("lab/whole.parquet"), "the sound one is read");
    assert!(facts(&shop.state()) == facts(&sound.state()), "a row of a damaged file was used");
}

/// One byte that was turned on the way makes another message of it, and only the manifest can tell.
#[test]
fn i02_a_turned_byte_is_found_by_the_manifest() {
    let sources = format!("{DESK}[[source]]\nname = \"sent\"\nfiles = \"sent/*.csv\"\ncoverage = \"manifest\"\n");
    let shop = Shop::new("i02", &sources);
    shop.put("desk/august.csv", log(&AUGUST[..1]));
    let whole = log(&AUGUST);
    let manifest = json!({"from": "2018-07-30T00:00:00Z", "to": "2018-09-05T00:00:00Z", "rows": 6,
        "sha256": sha256(whole.as_bytes())});
    shop.put("sent/august.csv.manifest.json", manifest.to_string());
    // The answer of the 15th becomes one of the 25th.
    let answer = "b-answer,bologna-bakery,+390510000417,+390000000098,outbound,2018-08-15";
    assert_eq!(whole.matches(answer).count(), 1, "{whole}");
    shop.put("sent/august.csv", whole.replace(answer, &answer.replace("08-15", "08-25")));
    shop.night(65);
    let aside = shop.aside();
    assert!(aside["sent/august.csv"].contains("its manifest says"), "{aside:?}");
    assert!(shop.billed().is_empty() && shop.closed().is_empty());
    shop.put("sent/august.csv", &whole);
    shop.night(0);
    assert_eq!(shop.billed(), ["a-late"]);
    // A manifest that counts other rows is not believed either.
    let shop = Shop::new("i02-rows", &sources);
    shop.put("sent/august.csv", &whole);
    shop.put("sent/august.csv.manifest.json", manifest.to_string().replace("\"rows\":6", "\"rows\":7"));
    shop.night(65);
    assert!(shop.aside()["sent/august.csv"].contains('7'), "{:?}", shop.aside());
}

/// A footer that speaks of 2^31 rows, over the data of one.
fn parquet_bomb() -> Vec<u8> {
    let header: Vec<String> = HEADER.split(',').map(str::to_owned).collect();
    let small =
        parquet_of(&header, &[row("p-one", "inbound", "2018-08-10T10:00:00Z").split(',').map(str::to_owned).collect()]);
    let rows = 1_i64 << 31;
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&bytes_of(&small)).unwrap();
    let file = metadata.file_metadata();
    let file = FileMetaData::new(file.version(), rows, None, None, file.schema_descr_ptr(), None);
    let groups = metadata.row_groups().iter().map(|group| {
        let columns =
            group.columns().iter().map(|column| column.clone().into_builder().set_num_values(rows).build().unwrap());
        let columns = columns.collect();
        group.clone().into_builder().set_num_rows(rows).set_column_metadata(columns).build().unwrap()
    });
    let metadata = ParquetMetaData::new(file, groups.collect());
    let footer = u32::from_le_bytes(small[small.len() - 8..small.len() - 4].try_into().unwrap()) as usize;
    let mut bomb = small[..small.len() - 8 - footer].to_vec();
    ParquetMetaDataWriter::new(&mut bomb, &metadata).finish().unwrap();
    bomb
}

/// As the reader of the crate wants them.
fn bytes_of(bytes: &[u8]) -> fs::File {
    use std::io::{Seek, Write};
    let path = crate::common::scratch("stories-bytes").join("small.parquet");
    let mut file = fs::File::options().read(true).write(true).create_new(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

/// A small file that unpacks to 10 GiB, or says that it has 2^31 rows, does not take the machine with it.
#[test]
fn i03_bombs_are_set_aside_with_numbers() {
    let zeros = vec![b'0'; 10 << 20];
    let many = |member: &[u8], length: usize| member.repeat((10 << 30) / length);
    let (gz, zst) = (gzip(&zeros), zstd(&vec![b'0'; 64 << 20]));
    let bombs = [
        ("lab/bomb.csv.gz", many(&gz, zeros.len())),
        ("lab/bomb.csv.zst", many(&zst, 64 << 20)),
        ("lab/bomb.parquet", parquet_bomb()),
    ];
    assert!((8 << 20..12 << 20).contains(&bombs[0].1.len()), "{}", bombs[0].1.len());
    let sound = undisturbed("i03-sound");
    for (name, limits) in [("i03", ""), ("i03-little", "[limits]\nmemory = \"512MiB\"\n")] {
        let shop = Shop::with_lab(name);
        shop.write("ritardo.toml", shop.text("ritardo.toml") + limits);
        bombs.iter().for_each(|(name, bytes)| shop.put(name, bytes));
        let begun = Instant::now();
        shop.night(65);
        assert!(begun.elapsed() < Duration::from_secs(30), "{name}: {:?}", begun.elapsed());
        let aside = shop.aside();
        assert_eq!(aside.len(), 3, "{name}: {aside:?}");
        for (file, reason) in &aside {
            assert!(reason.bytes().any(|byte| byte.is_ascii_digit()), "{name}: {file}: {reason}");
        }
        assert!(facts(&shop.state()) == facts(&sound.state()), "{name}: the other files of the night are read");
    }
}

/// A compressed file that was cut off anywhere is refused: what can still be unpacked is never used.
#[test]
fn i04_compressed_files_that_were_cut_are_refused() {
    let shop = Shop::with_lab("i04");
    let rows: Vec<String> = (10..22).map(|day| row("q-one", "inbound", &format!("2018-08-{day}T10:00:00Z"))).collect();
    let plain = sheet(&rows);
    let mut cuts = 0;
    for (ending, whole) in [("gz", gzip(plain.as_bytes())), ("zst", zstd(plain.as_bytes()))] {
        for cut in 1..whole.len() {
            shop.put(&format!("lab/{cut:04}.csv.{ending}"), &whole[..cut]);
            cuts += 1;
        }
    }
    assert!(cuts > 200, "{cuts}");
    shop.night(65);
    let aside = shop.aside();
    assert_eq!(aside.len(), cuts);
    let told = |reason: &String| reason.starts_with("the compressed data is damaged or cut off: ");
    assert_eq!(aside.values().find(|reason| !told(reason)), None);
    assert_eq!(shop.read().len(), 1, "no piece of a log is read");
    assert_eq!(shop.billed(), ["a-late"]);
}

/// What a spreadsheet, a full disk or a second compressor made of a log is refused as a whole, by its name.
#[test]
fn i04_what_others_made_of_a_log_is_named() {
    let (shop, sound) = (Shop::with_lab("i04-others"), undisturbed("i04-others-sound"));
    let rows: Vec<String> = (10..22).map(|day| row("q-one", "inbound", &format!("2018-08-{day}T10:00:00Z"))).collect();
    let plain = sheet(&rows);
    let dates = (10..22).fold(plain.clone(), |text, day| {
        text.replace(&format!("2018-08-{day}T10:00:00Z"), &format!("{day}/08/2018 10:00"))
    });
    let serials = (10..22)
        .fold(plain.clone(), |text, day| text.replace(&format!("2018-08-{day}T10:00:00Z"), &format!("433{day}.41667")));
    let object = r#"{"message_id":"q-1","business":"bologna-bakery","channel":"+390510000417","customer":"+390000000113","direction":"inbound","sent_at":"2018-08-20T10:00:00Z"}"#;
    let in_dates = "sent_at has dates as spreadsheets show them";
    for (name, bytes, says) in [
        ("dates.csv", dates.into_bytes(), in_dates),
        ("serials.csv", serials.into_bytes(), in_dates),
        ("marks.csv", plain.replace("+390000000113", "'+390000000113").into_bytes(), "a mark of spreadsheets"),
        ("twice.csv.gz", gzip(&gzip(plain.as_bytes())), "compressed twice"),
        ("mixed.csv.zst", zstd(&gzip(plain.as_bytes())), "compressed twice"),
        ("zeros.csv", vec![0; 4096], "nothing but zero bytes"),
        ("array.ndjson", format!("[\n{object},\n{object}\n]").into_bytes(), "one JSON array"),
        ("pretty.ndjson", object.replace(',', ",\n").into_bytes(), "no line is a JSON object"),
    ] {
        let name = format!("lab/{name}");
        shop.put(&name, bytes);
        shop.night(65);
        let reason = &shop.aside()[&name];
        assert!(reason.contains(says), "{name}: {reason}");
    }
    assert!(facts(&shop.state()) == facts(&sound.state()), "a row of a refused file was used");
}
