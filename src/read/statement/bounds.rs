//! How large a JSON document of a statement may be, found out before it is read: an object of a few bytes takes hundreds in
//! memory.

/// Bytes of one document. A file of many lines may be longer.
const DOCUMENT_MAX: usize = 8 << 20;
/// Objects and lists in one document.
const PARTS_MAX: u32 = 200_000;

/// Counts the parts of each document in a text of several. What is no JSON is told when it is read.
///
/// # Errors
/// Says which bound is passed.
pub(super) fn check(text: &str) -> Result<(), String> {
    let (mut depth, mut parts, mut begun) = (0_u32, 0_u32, 0_usize);
    let (mut is_text, mut is_escaped) = (false, false);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'{' | b'[' => {
                if depth == 0 {
                    (parts, begun) = (0, place);
                }
                (depth, parts) = (depth.saturating_add(1), parts.saturating_add(1));
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_long = depth > 0 && place.saturating_sub(begun) > DOCUMENT_MAX;
        if is_long || parts > PARTS_MAX {
            let most = format!("more than {PARTS_MAX} objects and lists, or {} MiB", DOCUMENT_MAX >> 20);
            return Err(format!("a document of it has {most}: write an object a line"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_bounded_and_a_file_of_many_is_not() {
        let part = |count: usize| format!("[{}0]", "{},".repeat(count));
        assert_eq!(check(&part(199_999)), Ok(()));
        assert!(check(&part(200_000)).unwrap_err().contains("more than 200000 objects"));
        assert_eq!(check(&format!("{}\n", part(150_000)).repeat(3)), Ok(()));
        // What stands in a text is none of its parts.
        assert_eq!(check(&format!(r#"{{"a\"":"{}"}}"#, "[".repeat(300_000))), Ok(()));
        let long = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes));
        assert!(check(&long(9 << 20)).is_err());
        assert_eq!(check(&format!("{}\n", long(5 << 20)).repeat(2)), Ok(()));
    }
}
