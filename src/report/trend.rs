//! The picture of the net amounts of the last months, beside that of their waits. Integers only; the amounts stand in the
//! table of the months.

use super::chart::escaped;
use super::number::{Amounts, NONE};
use crate::domain::{Money, Month};

/// So many months are in the pictures.
const MONTHS: usize = 12;

const WIDTH: usize = 960;
const LEFT: usize = 52;
const TOP: usize = 26;
const PLOT: usize = 130;
const FOOT: usize = TOP + PLOT;
const HEIGHT: usize = FOOT + 26;
const SLOT: usize = 75;

/// A bar that is not of nothing is at least this high.
const LEAST: usize = 2;

/// More digits than these have no room above a bar.
const DIGITS: usize = 10;

/// The last twelve months of the calendar up to the last known one, quiet months too; none before the first known.
pub fn months(first: Option<Month>, last: Option<Month>) -> Vec<Month> {
    let Some((first, last)) = first.zip(last) else { return Vec::new() };
    let all = std::iter::successors(Some(first), |month| Some(month.next())).take_while(|month| *month <= last);
    let all: Vec<Month> = all.collect();
    all.get(all.len().saturating_sub(MONTHS)..).unwrap_or_default().to_vec()
}

/// One bar for each month, in the currency of the page; empty where no month has an amount.
pub fn net_chart(amounts: Amounts, nets: &[(Month, Option<Money>)]) -> String {
    let most = nets.iter().filter_map(|(_, net)| net.map(Money::minor)).max().unwrap_or_default();
    if nets.iter().all(|(_, net)| net.is_none()) {
        return String::new();
    }
    let code = amounts.currency.to_string();
    let title = amounts.tongue.fill("Net by month, in {currency}", &[("currency", &code)]);
    let desc = amounts.say(
        "One bar for each month: what stands of it without tax, as the table of months has it. Months that are not closed have none.",
    );
    let mut lines = vec![
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="net-title net-desc">"#
        ),
        format!(r#"<title id="net-title">{}</title>"#, escaped(&title)),
        format!(r#"<desc id="net-desc">{}</desc>"#, escaped(desc)),
        format!(r#"<path class="foot" d="M{LEFT} {FOOT}H{}"/>"#, LEFT + nets.len() * SLOT),
    ];
    for (index, (month, net)) in nets.iter().enumerate() {
        lines.push(bar(amounts, LEFT + index * SLOT, *month, *net, most));
    }
    lines.push("</svg>".to_owned());
    lines.join("\n")
}

fn bar(amounts: Amounts, start: usize, month: Month, net: Option<Money>, most: i64) -> String {
    let (middle, width) = (start + SLOT / 2, SLOT * 7 / 10);
    let high = net.map_or(0, |net| height(net.minor(), most));
    let (x, y) = (middle - width / 2, FOOT - high);
    let said = net.map_or(NONE.to_owned(), |net| amounts.money(Some(net)));
    let hint = escaped(&format!("{}: {said}", amounts.month(month)));
    let rect = format!(r#"<rect class="net" x="{x}" y="{y}" width="{width}" height="{high}"/>"#);
    let value = format!(r#"<text class="value" x="{middle}" y="{}">{}</text>"#, y.saturating_sub(6), escaped(&said));
    let rect = if high > 0 { rect.as_str() } else { "" };
    let value = if said.len() > DIGITS { "" } else { value.as_str() };
    format!(r#"<g><title>{hint}</title>{rect}{value}<text x="{middle}" y="{}">{month}</text></g>"#, FOOT + 18)
}

/// Pixels of an amount, rounded half up; an amount below zero has no bar, and says itself what it is.
fn height(minor: i64, most: i64) -> usize {
    let (minor, most) = (i128::from(minor.max(0)), i128::from(most.max(1)));
    let high = usize::try_from((minor * 2 * PLOT as i128 + most) / (most * 2)).unwrap_or(PLOT);
    if minor > 0 { high.max(LEAST) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Tongue;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    fn told(known: &[&str]) -> Vec<String> {
        let known: Vec<Month> = known.iter().map(|text| month(text)).collect();
        months(known.first().copied(), known.last().copied()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_hole_is_a_month_and_what_is_long_ago_is_none() {
        assert_eq!(told(&[]), Vec::<String>::new());
        assert_eq!(told(&["2018-08"]), ["2018-08"]);
        assert_eq!(told(&["2018-11", "2019-01"]), ["2018-11", "2018-12", "2019-01"]);
        let long = told(&["2015-03", "2018-08", "2018-12"]);
        assert_eq!((long.len(), long[0].as_str(), long[11].as_str()), (12, "2018-01", "2018-12"));
    }

    #[test]
    fn a_bar_has_its_amount() {
        let usd = |minor| Some(Money::new(minor, "USD".parse().unwrap()));
        let amounts = Amounts { currency: "USD".parse().unwrap(), places: 2, tongue: Tongue::English };
        let nets = [(month("2018-08"), usd(12_345)), (month("2018-09"), None), (month("2018-10"), usd(1))];
        let svg = net_chart(amounts, &nets);
        assert_eq!(svg.matches("<rect class=\"net\"").count(), 2, "{svg}");
        assert!(svg.contains("<title>August 2018: 123.45</title>") && svg.contains(">123.45</text>"), "{svg}");
        assert!(svg.contains("<title>September 2018: –</title>") && svg.contains("Net by month, in USD"), "{svg}");
        assert_eq!(net_chart(amounts, &nets[1..2]), "");
        assert_eq!(
            (height(-5, 10), height(0, 0), height(i64::MAX, i64::MAX), height(1, i64::MAX)),
            (0, 0, PLOT, LEAST)
        );
    }
}
