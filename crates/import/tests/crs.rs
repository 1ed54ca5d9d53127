//! Coordinates on earth, against published points and against PROJ.

use proptest::prelude::*;
use twin_import::crs::{Crs, Error, Reading};
use twin_model::Code;

/// Metres between two longitudes and latitudes that are close together.
fn apart_m(a: [f64; 2], b: [f64; 2]) -> f64 {
    let degree_m = 111_320.0;
    let east = (a[0] - b[0]) * degree_m * a[1].to_radians().cos();
    east.hypot((a[1] - b[1]) * degree_m)
}

/// Dutch points of the test sheet of RDNAPTRANS 2008 (Kadaster, Rijkswaterstaat; the same values
/// in the self-validation of 2018): RD x and y in metres, ETRS89 latitude and longitude.
const PUBLISHED: [(&str, [f64; 2], [f64; 2]); 6] = [
    (
        "Texel",
        [117_380.12, 575_040.34],
        [53.160_753_042, 4.824_761_912],
    ),
    (
        "Noord-Groningen",
        [247_380.56, 604_580.78],
        [53.419_482_050, 6.776_726_674],
    ),
    (
        "Amersfoort",
        [155_000.0, 463_000.0],
        [52.155_172_897, 5.387_203_657],
    ),
    (
        "Zeeuws-Vlaanderen",
        [16_460.91, 377_380.23],
        [51.368_607_152, 3.397_588_595],
    ),
    (
        "Zuid-Limburg",
        [182_260.45, 311_480.67],
        [50.792_584_916, 5.773_795_548],
    ),
    (
        "Maasvlakte",
        [64_640.89, 440_700.01],
        [51.947_393_898, 4.072_887_101],
    ),
];

/// Without the shift of the datum these points are off by some hundred metres. Kadaster gives
/// 0.25 m for the seven parameters alone; the rest is in a correction grid that is not used here.
#[test]
fn dutch_points_lie_where_the_kadaster_publishes_them() {
    let crs = Crs::epsg(28992).unwrap();
    let unshifted = proj4rs::Proj::from_proj_string(&crs.definition().replace(
        "+ellps=bessel +towgs84=565.2369,50.0087,465.658,-0.406857,0.350733,-1.87035,4.0812",
        "+ellps=bessel",
    ))
    .unwrap();
    let wgs84 = proj4rs::Proj::from_proj_string("+proj=longlat +datum=WGS84").unwrap();
    for (name, rd, [latitude, longitude]) in PUBLISHED {
        let published = [longitude, latitude];
        let off_m = apart_m(crs.to_earth(rd).unwrap(), published);
        assert!(off_m < 0.25, "{name} is {off_m} m off");
        let mut bare = (rd[0], rd[1], 0.0);
        proj4rs::transform::transform(&unshifted, &wgs84, &mut bare).unwrap();
        let bare = [bare.0.to_degrees(), bare.1.to_degrees()];
        assert!(apart_m(bare, published) > 80.0, "{name} needs no shift");
    }
}

/// `tests/data/crs.tsv`: for every known code one point in its area of use, forward by PROJ 9.5.1
/// with the same definition.
#[test]
fn every_system_agrees_with_proj() {
    let mut codes = 0;
    for line in include_str!("data/crs.tsv").lines() {
        let fields: Vec<f64> = line.split('\t').map(|f| f.parse().unwrap()).collect();
        let [code, x, y, longitude, latitude] = fields[..] else {
            panic!("{line}");
        };
        let crs = Crs::epsg(code as u32).unwrap();
        let earth = crs.to_earth([x, y]).unwrap();
        let off_m = apart_m(earth, [longitude, latitude]);
        assert!(off_m < 1e-3, "EPSG:{code} is {off_m} m off: {earth:?}");
        assert!(
            crs.covers(earth),
            "EPSG:{code} does not cover its own centre"
        );
        codes += 1;
    }
    assert_eq!(codes, Crs::codes().count());
}

#[test]
fn references_are_read_in_all_their_forms() {
    let code = |text: &str| Crs::parse(text).map(|crs| crs.code());
    for (text, expected) in [
        ("EPSG:28992", 28992),
        ("epsg:2056", 2056),
        ("28992", 28992),
        ("urn:ogc:def:crs:EPSG::7415", 7415),
        ("urn:ogc:def:crs:EPSG:9.9.1:25832", 25832),
        ("urn:ogc:def:crs,crs:EPSG::28992,crs:EPSG::5709", 28992),
        ("EPSG:28992+5709", 28992),
        ("https://www.opengis.net/def/crs/EPSG/0/7415", 7415),
        ("http://www.opengis.net/def/crs/EPSG/0/7415/", 7415),
        (
            "http://www.opengis.net/def/crs-compound?1=http://www.opengis.net/def/crs/EPSG/0/25833&2=http://www.opengis.net/def/crs/EPSG/0/7837",
            25833,
        ),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", 4326),
        ("http://www.opengis.net/def/crs/OGC/0/CRS84h", 4326),
    ] {
        assert_eq!(code(text), Ok(expected), "{text}");
    }
    for text in [
        "",
        "EPSG",
        "EPSG:",
        "WGS 84",
        "urn:ogc:def:crs:EPSG::99999999999999",
    ] {
        assert!(matches!(code(text), Err(Error::NotACode(_))), "{text}");
    }
    assert_eq!(code("EPSG:2263"), Err(Error::Unknown(2263)));
}

/// What comes of a file with this reference and these coordinates: the codes of the findings,
/// and whether it is placed at all.
fn judged(reference: Option<&str>, at: [f64; 2]) -> (Vec<&'static str>, bool) {
    let (reading, findings) = Reading::decide(reference, None, [at; 5]);
    let codes = findings.iter().map(|f| f.code.as_str()).collect();
    (codes, reading.is_some())
}

#[test]
fn doubtful_references_are_found() {
    let delft = [84_616.0, 447_422.0];
    assert_eq!(judged(Some("EPSG:28992"), delft), (vec![], true));
    assert_eq!(
        judged(Some("EPSG:28992"), [delft[1], delft[0]]),
        (vec!["CRS-004"], true),
    );
    // Named as Swiss, local, without a name, unknown, not a name at all.
    assert_eq!(judged(Some("EPSG:2056"), delft), (vec!["CRS-003"], false));
    assert_eq!(
        judged(Some("EPSG:28992"), [12.0, 8.0]),
        (vec!["CRS-003"], false)
    );
    assert_eq!(judged(None, delft), (vec!["CRS-001"], false));
    assert_eq!(judged(Some(" "), delft), (vec!["CRS-001"], false));
    assert_eq!(judged(Some("EPSG:2263"), delft), (vec!["CRS-002"], false));
    assert_eq!(
        judged(Some("Rijksdriehoek"), delft),
        (vec!["CRS-002"], false)
    );
    // Latitude before longitude, as the registry has it for Japan.
    assert_eq!(
        judged(Some("EPSG:6697"), [35.68, 139.76]),
        (vec!["CRS-004"], true)
    );
    assert_eq!(
        judged(Some("EPSG:28992"), [f64::NAN, f64::INFINITY]),
        (vec!["CRS-003"], false),
    );
}

#[test]
fn exchanged_axes_give_the_same_place_and_say_so() {
    let (reading, _) = Reading::decide(Some("EPSG:28992"), None, [[463_000.0, 155_000.0]]);
    let reading = reading.unwrap();
    let expected = Crs::epsg(28992).unwrap().to_earth([155_000.0, 463_000.0]);
    assert_eq!(reading.to_earth([463_000.0, 155_000.0]), expected);
    assert_eq!(
        &*reading.procedure(),
        "EPSG:28992 (Amersfoort / RD New), axes exchanged"
    );
}

#[test]
fn a_system_can_be_assumed_for_files_that_name_none() {
    let rd_new = Crs::epsg(28992).unwrap();
    let (reading, findings) = Reading::decide(None, Some(&rd_new), [[85_000.0, 447_000.0]]);
    assert_eq!(findings[0].code, Code::CrsMissing);
    assert!(
        reading
            .unwrap()
            .procedure()
            .ends_with("the system is assumed")
    );
    let (reading, _) = Reading::decide(Some("EPSG:2056"), Some(&rd_new), [[85_000.0, 447_000.0]]);
    assert!(reading.is_none(), "what the file says is not overruled");
}

proptest! {
    /// Any numbers in any system: a place on earth or none, never a panic or a number that is none.
    #[test]
    fn any_coordinates_are_on_earth_or_nowhere(
        index in 0_usize..256,
        x in any::<f64>(),
        y in any::<f64>(),
        e in -1e7..1e7_f64,
        n in -1e7..1e7_f64,
    ) {
        let codes: Vec<u32> = Crs::codes().collect();
        let crs = Crs::epsg(codes[index % codes.len()]).unwrap();
        for at in [[x, y], [e, n]] {
            if let Some([longitude, latitude]) = crs.to_earth(at) {
                prop_assert!(longitude.abs() <= 180.0 && latitude.abs() <= 90.0);
            }
        }
    }

    #[test]
    fn any_text_is_a_reference_or_an_error(text in ".{0,60}") {
        let _ = Crs::parse(&text);
        let _ = Crs::parse(&format!("EPSG{text}"));
    }
}
