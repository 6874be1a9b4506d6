//! Markets by name: calling codes and the countries they belong to, in the languages of the documents.

mod others;

use crate::domain::Market;
use crate::domain::business::Language;

/// A market as a document names it: `Italy (+39)`, `Dominican Republic (+1 809)`. A code of no known
/// country is its number alone; `None` for the market `other`.
pub fn named(market: &Market, language: Language) -> Option<String> {
    let code = market.calling_code()?;
    let country = (1..=code.len()).rev().filter_map(|length| code.get(..length)).find_map(country_of);
    let number = spaced(code, country.map_or(code.len(), |(code, ..)| code.len()));
    Some(match country.and_then(|country| name_of(country, language)) {
        None => number,
        Some(name) => format!("{name} ({number})"),
    })
}

fn name_of((code, english, italian): Country, language: Language) -> Option<&'static str> {
    let place = || others::OTHERS.binary_search_by_key(&code, |country| country.0).ok();
    let other = |of: usize| others::OTHERS.get(place()?).and_then(|(_, names)| names.get(of)).copied();
    match language {
        Language::English => Some(english),
        Language::Italian => Some(italian),
        Language::Portuguese => other(0),
        Language::Spanish => other(1),
        Language::German => other(2),
        Language::French => other(3),
    }
}

/// The calling codes of the country of an English name; `plain` makes two spellings of a name alike. Empty where no
/// country has it.
pub fn codes_named(name: &str, plain: &dyn Fn(&str) -> String) -> Vec<Market> {
    let found = COUNTRIES.iter().filter(|(_, english, _)| plain(english) == name);
    found.filter_map(|(code, ..)| Market::parse(code)).collect()
}

fn country_of(code: &str) -> Option<Country> {
    let index = COUNTRIES.binary_search_by_key(&code, |country| country.0).ok()?;
    COUNTRIES.get(index).copied()
}

/// Calling code and network prefix apart, never on two lines: `+39 333`. The area codes of zone 1 are apart from the 1.
fn spaced(code: &str, country_length: usize) -> String {
    let cut = if code.starts_with('1') { 1 } else { country_length };
    match code.split_at_checked(cut) {
        Some((country, network)) if !network.is_empty() => format!("+{country}\u{a0}{network}"),
        _ => format!("+{code}"),
    }
}

/// Calling code; English name as it follows "in"; Italian name without article.
type Country = (&'static str, &'static str, &'static str);

/// Sorted by code, as text.
const COUNTRIES: [Country; 236] = [
    ("1", "United States and Canada", "Stati Uniti e Canada"),
    ("1242", "Bahamas", "Bahamas"),
    ("1246", "Barbados", "Barbados"),
    ("1264", "Anguilla", "Anguilla"),
    ("1268", "Antigua and Barbuda", "Antigua e Barbuda"),
    ("1284", "British Virgin Islands", "Isole Vergini Britanniche"),
    ("1340", "US Virgin Islands", "Isole Vergini Americane"),
    ("1345", "Cayman Islands", "Isole Cayman"),
    ("1441", "Bermuda", "Bermuda"),
    ("1473", "Grenada", "Grenada"),
    ("1649", "Turks and Caicos Islands", "Turks e Caicos"),
    ("1658", "Jamaica", "Giamaica"),
    ("1664", "Montserrat", "Montserrat"),
    ("1670", "Northern Mariana Islands", "Isole Marianne Settentrionali"),
    ("1671", "Guam", "Guam"),
    ("1684", "American Samoa", "Samoa Americane"),
    ("1721", "Sint Maarten", "Sint Maarten"),
    ("1758", "Saint Lucia", "Santa Lucia"),
    ("1767", "Dominica", "Dominica"),
    ("1784", "Saint Vincent and the Grenadines", "Saint Vincent e Grenadine"),
    ("1787", "Puerto Rico", "Porto Rico"),
    ("1809", "Dominican Republic", "Repubblica Dominicana"),
    ("1829", "Dominican Republic", "Repubblica Dominicana"),
    ("1849", "Dominican Republic", "Repubblica Dominicana"),
    ("1868", "Trinidad and Tobago", "Trinidad e Tobago"),
    ("1869", "Saint Kitts and Nevis", "Saint Kitts e Nevis"),
    ("1876", "Jamaica", "Giamaica"),
    ("1939", "Puerto Rico", "Porto Rico"),
    ("20", "Egypt", "Egitto"),
    ("211", "South Sudan", "Sudan del Sud"),
    ("212", "Morocco", "Marocco"),
    ("213", "Algeria", "Algeria"),
    ("216", "Tunisia", "Tunisia"),
    ("218", "Libya", "Libia"),
    ("220", "Gambia", "Gambia"),
    ("221", "Senegal", "Senegal"),
    ("222", "Mauritania", "Mauritania"),
    ("223", "Mali", "Mali"),
    ("224", "Guinea", "Guinea"),
    ("225", "Côte d’Ivoire", "Costa d’Avorio"),
    ("226", "Burkina Faso", "Burkina Faso"),
    ("227", "Niger", "Niger"),
    ("228", "Togo", "Togo"),
    ("229", "Benin", "Benin"),
    ("230", "Mauritius", "Mauritius"),
    ("231", "Liberia", "Liberia"),
    ("232", "Sierra Leone", "Sierra Leone"),
    ("233", "Ghana", "Ghana"),
    ("234", "Nigeria", "Nigeria"),
    ("235", "Chad", "Ciad"),
    ("236", "Central African Republic", "Repubblica Centrafricana"),
    ("237", "Cameroon", "Camerun"),
    ("238", "Cabo Verde", "Capo Verde"),
    ("239", "São Tomé and Príncipe", "São Tomé e Príncipe"),
    ("240", "Equatorial Guinea", "Guinea Equatoriale"),
    ("241", "Gabon", "Gabon"),
    ("242", "Congo", "Congo"),
    ("243", "Democratic Republic of the Congo", "Repubblica Democratica del Congo"),
    ("244", "Angola", "Angola"),
    ("245", "Guinea-Bissau", "Guinea-Bissau"),
    ("246", "British Indian Ocean Territory", "Territorio Britannico dell’Oceano Indiano"),
    ("247", "Ascension Island", "Isola di Ascensione"),
    ("248", "Seychelles", "Seychelles"),
    ("249", "Sudan", "Sudan"),
    ("250", "Rwanda", "Ruanda"),
    ("251", "Ethiopia", "Etiopia"),
    ("252", "Somalia", "Somalia"),
    ("253", "Djibouti", "Gibuti"),
    ("254", "Kenya", "Kenya"),
    ("255", "Tanzania", "Tanzania"),
    ("256", "Uganda", "Uganda"),
    ("257", "Burundi", "Burundi"),
    ("258", "Mozambique", "Mozambico"),
    ("260", "Zambia", "Zambia"),
    ("261", "Madagascar", "Madagascar"),
    ("262", "Réunion and Mayotte", "Riunione e Mayotte"),
    ("263", "Zimbabwe", "Zimbabwe"),
    ("264", "Namibia", "Namibia"),
    ("265", "Malawi", "Malawi"),
    ("266", "Lesotho", "Lesotho"),
    ("267", "Botswana", "Botswana"),
    ("268", "Eswatini", "Eswatini"),
    ("269", "Comoros", "Comore"),
    ("27", "South Africa", "Sudafrica"),
    ("290", "Saint Helena", "Sant’Elena"),
    ("291", "Eritrea", "Eritrea"),
    ("297", "Aruba", "Aruba"),
    ("298", "Faroe Islands", "Fær Øer"),
    ("299", "Greenland", "Groenlandia"),
    ("30", "Greece", "Grecia"),
    ("31", "Netherlands", "Paesi Bassi"),
    ("32", "Belgium", "Belgio"),
    ("33", "France", "Francia"),
    ("34", "Spain", "Spagna"),
    ("350", "Gibraltar", "Gibilterra"),
    ("351", "Portugal", "Portogallo"),
    ("352", "Luxembourg", "Lussemburgo"),
    ("353", "Ireland", "Irlanda"),
    ("354", "Iceland", "Islanda"),
    ("355", "Albania", "Albania"),
    ("356", "Malta", "Malta"),
    ("357", "Cyprus", "Cipro"),
    ("358", "Finland", "Finlandia"),
    ("359", "Bulgaria", "Bulgaria"),
    ("36", "Hungary", "Ungheria"),
    ("370", "Lithuania", "Lituania"),
    ("371", "Latvia", "Lettonia"),
    ("372", "Estonia", "Estonia"),
    ("373", "Moldova", "Moldavia"),
    ("374", "Armenia", "Armenia"),
    ("375", "Belarus", "Bielorussia"),
    ("376", "Andorra", "Andorra"),
    ("377", "Monaco", "Monaco"),
    ("378", "San Marino", "San Marino"),
    ("379", "Vatican City", "Città del Vaticano"),
    ("380", "Ukraine", "Ucraina"),
    ("381", "Serbia", "Serbia"),
    ("382", "Montenegro", "Montenegro"),
    ("383", "Kosovo", "Kosovo"),
    ("385", "Croatia", "Croazia"),
    ("386", "Slovenia", "Slovenia"),
    ("387", "Bosnia and Herzegovina", "Bosnia ed Erzegovina"),
    ("389", "North Macedonia", "Macedonia del Nord"),
    ("39", "Italy", "Italia"),
    ("40", "Romania", "Romania"),
    ("41", "Switzerland", "Svizzera"),
    ("420", "Czechia", "Cechia"),
    ("421", "Slovakia", "Slovacchia"),
    ("423", "Liechtenstein", "Liechtenstein"),
    ("43", "Austria", "Austria"),
    ("44", "United Kingdom", "Regno Unito"),
    ("45", "Denmark", "Danimarca"),
    ("46", "Sweden", "Svezia"),
    ("47", "Norway", "Norvegia"),
    ("48", "Poland", "Polonia"),
    ("49", "Germany", "Germania"),
    ("500", "Falkland Islands", "Isole Falkland"),
    ("501", "Belize", "Belize"),
    ("502", "Guatemala", "Guatemala"),
    ("503", "El Salvador", "El Salvador"),
    ("504", "Honduras", "Honduras"),
    ("505", "Nicaragua", "Nicaragua"),
    ("506", "Costa Rica", "Costa Rica"),
    ("507", "Panama", "Panama"),
    ("508", "Saint Pierre and Miquelon", "Saint-Pierre e Miquelon"),
    ("509", "Haiti", "Haiti"),
    ("51", "Peru", "Perù"),
    ("52", "Mexico", "Messico"),
    ("53", "Cuba", "Cuba"),
    ("54", "Argentina", "Argentina"),
    ("55", "Brazil", "Brasile"),
    ("56", "Chile", "Cile"),
    ("57", "Colombia", "Colombia"),
    ("58", "Venezuela", "Venezuela"),
    ("590", "Guadeloupe", "Guadalupa"),
    ("591", "Bolivia", "Bolivia"),
    ("592", "Guyana", "Guyana"),
    ("593", "Ecuador", "Ecuador"),
    ("594", "French Guiana", "Guyana francese"),
    ("595", "Paraguay", "Paraguay"),
    ("596", "Martinique", "Martinica"),
    ("597", "Suriname", "Suriname"),
    ("598", "Uruguay", "Uruguay"),
    ("599", "Curaçao and the Caribbean Netherlands", "Curaçao e Paesi Bassi caraibici"),
    ("60", "Malaysia", "Malaysia"),
    ("61", "Australia", "Australia"),
    ("62", "Indonesia", "Indonesia"),
    ("63", "Philippines", "Filippine"),
    ("64", "New Zealand", "Nuova Zelanda"),
    ("65", "Singapore", "Singapore"),
    ("66", "Thailand", "Thailandia"),
    ("670", "Timor-Leste", "Timor Est"),
    ("672", "Norfolk Island", "Isola Norfolk"),
    ("673", "Brunei", "Brunei"),
    ("674", "Nauru", "Nauru"),
    ("675", "Papua New Guinea", "Papua Nuova Guinea"),
    ("676", "Tonga", "Tonga"),
    ("677", "Solomon Islands", "Isole Salomone"),
    ("678", "Vanuatu", "Vanuatu"),
    ("679", "Fiji", "Figi"),
    ("680", "Palau", "Palau"),
    ("681", "Wallis and Futuna", "Wallis e Futuna"),
    ("682", "Cook Islands", "Isole Cook"),
    ("683", "Niue", "Niue"),
    ("685", "Samoa", "Samoa"),
    ("686", "Kiribati", "Kiribati"),
    ("687", "New Caledonia", "Nuova Caledonia"),
    ("688", "Tuvalu", "Tuvalu"),
    ("689", "French Polynesia", "Polinesia francese"),
    ("690", "Tokelau", "Tokelau"),
    ("691", "Micronesia", "Micronesia"),
    ("692", "Marshall Islands", "Isole Marshall"),
    ("7", "Russia and Kazakhstan", "Russia e Kazakistan"),
    ("76", "Kazakhstan", "Kazakistan"),
    ("77", "Kazakhstan", "Kazakistan"),
    ("81", "Japan", "Giappone"),
    ("82", "South Korea", "Corea del Sud"),
    ("84", "Vietnam", "Vietnam"),
    ("850", "North Korea", "Corea del Nord"),
    ("852", "Hong Kong", "Hong Kong"),
    ("853", "Macao", "Macao"),
    ("855", "Cambodia", "Cambogia"),
    ("856", "Laos", "Laos"),
    ("86", "China", "Cina"),
    ("880", "Bangladesh", "Bangladesh"),
    ("886", "Taiwan", "Taiwan"),
    ("90", "Türkiye", "Turchia"),
    ("91", "India", "India"),
    ("92", "Pakistan", "Pakistan"),
    ("93", "Afghanistan", "Afghanistan"),
    ("94", "Sri Lanka", "Sri Lanka"),
    ("95", "Myanmar", "Myanmar"),
    ("960", "Maldives", "Maldive"),
    ("961", "Lebanon", "Libano"),
    ("962", "Jordan", "Giordania"),
    ("963", "Syria", "Siria"),
    ("964", "Iraq", "Iraq"),
    ("965", "Kuwait", "Kuwait"),
    ("966", "Saudi Arabia", "Arabia Saudita"),
    ("967", "Yemen", "Yemen"),
    ("968", "Oman", "Oman"),
    ("970", "Palestine", "Palestina"),
    ("971", "United Arab Emirates", "Emirati Arabi Uniti"),
    ("972", "Israel", "Israele"),
    ("973", "Bahrain", "Bahrein"),
    ("974", "Qatar", "Qatar"),
    ("975", "Bhutan", "Bhutan"),
    ("976", "Mongolia", "Mongolia"),
    ("977", "Nepal", "Nepal"),
    ("98", "Iran", "Iran"),
    ("992", "Tajikistan", "Tagikistan"),
    ("993", "Turkmenistan", "Turkmenistan"),
    ("994", "Azerbaijan", "Azerbaigian"),
    ("995", "Georgia", "Georgia"),
    ("996", "Kyrgyzstan", "Kirghizistan"),
    ("998", "Uzbekistan", "Uzbekistan"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_whole() {
        assert!(COUNTRIES.is_sorted_by(|a, b| a.0 < b.0));
        for (code, english, italian) in COUNTRIES {
            assert!(code.bytes().all(|b| b.is_ascii_digit()) && !english.is_empty() && !italian.is_empty(), "{code}");
        }
        assert!(COUNTRIES.iter().map(|country| country.0).eq(others::OTHERS.iter().map(|country| country.0)));
        assert!(others::OTHERS.iter().all(|(_, names)| names.iter().all(|name| !name.is_empty())));
    }

    #[test]
    fn a_market_is_named_by_the_longest_code() {
        for (market, english, italian) in [
            ("39", "Italy (+39)", "Italia (+39)"),
            ("39333", "Italy (+39\u{a0}333)", "Italia (+39\u{a0}333)"),
            ("1", "United States and Canada (+1)", "Stati Uniti e Canada (+1)"),
            ("1 809", "Dominican Republic (+1\u{a0}809)", "Repubblica Dominicana (+1\u{a0}809)"),
            ("1212", "United States and Canada (+1\u{a0}212)", "Stati Uniti e Canada (+1\u{a0}212)"),
            ("7", "Russia and Kazakhstan (+7)", "Russia e Kazakistan (+7)"),
            ("999", "+999", "+999"),
        ] {
            let market = Market::parse(market).unwrap();
            assert_eq!(named(&market, Language::English).as_deref(), Some(english));
            assert_eq!(named(&market, Language::Italian).as_deref(), Some(italian));
        }
        let named_in = |language| named(&Market::parse("39").unwrap(), language).unwrap();
        let others = [Language::Portuguese, Language::Spanish, Language::German, Language::French].map(named_in);
        assert_eq!(others, ["Itália (+39)", "Italia (+39)", "Italien (+39)", "Italie (+39)"]);
        assert_eq!(named(&Market::other(), Language::English), None);
    }
}
