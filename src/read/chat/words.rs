//! The words of dates and times, in the languages in which phones export chats.

/// Which half of the day a time of twelve hours is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Before,
    After,
    /// Around noon, as Chinese says of the hours from ten to two.
    Noon,
    /// From six in the evening to six in the morning.
    Night,
}

/// Without dots and blanks: English, Arabic, Persian, Chinese, Japanese, Korean, Greek, Hindi, Turkish, Vietnamese,
/// Malay, German, Czech, Hungarian, Swedish, Albanian.
const BEFORE: &str = "am ص قظ 上午 凌晨 早上 清晨 午前 오전 πμ पूर्वाह्न öö sa pg vorm dop de fm pd inthemorning";
const AFTER: &str =
    "pm م بظ 下午 晚上 傍晚 午後 오후 μμ अपराह्न ös ch ptg nachm odp du em md intheafternoon intheevening";
const NOON: &str = "中午";
const NIGHT: &str = "atnight 深夜 半夜 午夜";

/// Months by their names and short names, in order: English, Italian, German, Spanish, Portuguese, French, Dutch,
/// Russian, Turkish.
const MONTHS: [&str; 12] = [
    "jan january gen gennaio januar jän ene enero janeiro janv janvier januari янв января oca ocak",
    "feb february febbraio februar febrero fev fevereiro févr février februari фев февр февраля şub şubat",
    "mar march marzo mär märz março mars mrt maart мар марта mart",
    "apr april aprile abr abril avr avril апр апреля nis nisan",
    "may mag maggio mai mayo maio mei май мая mayıs",
    "jun june giu giugno juni junio junho juin июн июня haz haziran",
    "jul july lug luglio juli julio julho juil juillet июл июля tem temmuz",
    "aug august ago agosto août augustus авг августа ağu ağustos",
    "sep sept september set settembre septiembre setembro septembre сен сент сентября eyl eylül",
    "oct october ott ottobre okt oktober octubre out outubro octobre окт октября eki ekim",
    "nov november novembre noviembre novembro ноя нояб ноября kas kasım",
    "dec december dic dicembre dez dezember diciembre dezembro déc décembre дек декабря ara aralık",
];

/// What may stand between date and time.
const JOINING: &str = "at um às as alle kl klo o om ob la a à ore kell в saat";

fn is_one_of(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}

/// The half of the day that words without their dots and blanks name.
pub(super) fn half(words: &str) -> Option<Half> {
    [(BEFORE, Half::Before), (AFTER, Half::After), (NOON, Half::Noon), (NIGHT, Half::Night)]
        .into_iter()
        .find(|(known, _)| is_one_of(known, words))
        .map(|(_, half)| half)
}

/// The month of a name, from 1 on.
pub(super) fn month(word: &str) -> Option<u32> {
    (1..).zip(MONTHS).find(|(_, names)| is_one_of(names, word)).map(|(month, _)| month)
}

/// Whether a word joins a date to its time.
pub(super) fn joins(word: &str) -> bool {
    is_one_of(JOINING, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_the_day_have_names_in_many_languages() {
        for (words, expected) in [
            ("am", Some(Half::Before)),
            ("م", Some(Half::After)),
            ("قظ", Some(Half::Before)),
            ("下午", Some(Half::After)),
            ("中午", Some(Half::Noon)),
            ("अपराह्न", Some(Half::After)),
            ("intheafternoon", Some(Half::After)),
            ("atnight", Some(Half::Night)),
            ("atdawn", None),
            ("", None),
        ] {
            assert_eq!(half(words), expected, "{words}");
        }
    }

    #[test]
    fn no_name_is_of_two_months() {
        let mut names: Vec<&str> = MONTHS.iter().flat_map(|names| names.split(' ')).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        assert_eq!(["sep", "märz", "août", "xyz"].map(month), [Some(9), Some(3), Some(8), None]);
    }
}
