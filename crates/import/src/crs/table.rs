//! The reference systems that are known, as a table.
//!
//! Each row is what the EPSG registry (10.x, as PROJ 9.5 ships it) says of a system: its
//! projection and where on earth it may be used. The shift from its datum to WGS 84 is the one
//! that the registry and PROJ's classic definitions give for the whole area of use: three or
//! seven parameters in the position vector convention (metres, arc seconds, parts per million).
//! Systems in feet are not listed: nothing says whether their heights are in feet too.

/// How an ellipsoid lies in the earth, as PROJ's `+towgs84`, with the ellipsoid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Datum {
    /// WGS 84 and the plate-fixed frames within a metre or two of it: ETRS89, NAD83, GDA2020,
    /// JGD2011, NZGD2000. EPSG gives them a shift of zero.
    Earth,
    /// Amersfoort (Netherlands); Kadaster, RDNAPTRANS: 0.25 m.
    Amersfoort,
    /// Bern 1898 and CHTRF95 (Switzerland); swisstopo: 1 m.
    Bern,
    /// DHDN (Germany), EPSG 1777: 3 m.
    Potsdam,
    /// MGI (Austria), EPSG 1618: 1.5 m.
    Hermannskogel,
    /// OSGB36 (Great Britain), EPSG 1314: 2 m.
    Airy,
    /// BD72 (Belgium), EPSG 15929: 0.2 m.
    Belgium,
    /// LUREF (Luxembourg), EPSG 5485: 0.1 m.
    Luxembourg,
    /// Monte Mario (Italy), EPSG 1660: 4 m.
    MonteMario,
    /// S-JTSK (Czechia, Slovakia), EPSG 1623: 6 m.
    Krovak,
    /// HD72 (Hungary), EPSG 1448: 1 m.
    Hungary,
    /// TM75 (Ireland), EPSG 1954: 1 m.
    Ireland,
    /// ED50 (Europe), EPSG 1133: 10 m.
    European1950,
    /// GGRS87 (Greece), EPSG 1272: 1 m.
    Greece,
}

impl Datum {
    /// The part of a PROJ definition that says it.
    pub(super) const fn definition(self) -> &'static str {
        match self {
            Self::Earth => "+ellps=GRS80 +towgs84=0,0,0",
            Self::Amersfoort => {
                "+ellps=bessel +towgs84=565.2369,50.0087,465.658,-0.406857,0.350733,-1.87035,4.0812"
            }
            Self::Bern => "+ellps=bessel +towgs84=674.374,15.056,405.346",
            Self::Potsdam => "+ellps=bessel +towgs84=598.1,73.7,418.2,0.202,0.045,-2.455,6.7",
            Self::Hermannskogel => {
                "+ellps=bessel +towgs84=577.326,90.129,463.919,5.137,1.474,5.297,2.4232"
            }
            Self::Airy => "+ellps=airy +towgs84=446.448,-125.157,542.06,0.15,0.247,0.842,-20.489",
            Self::Belgium => {
                "+ellps=intl +towgs84=-106.8686,52.2978,-103.7239,0.3366,-0.457,1.8422,-1.2747"
            }
            Self::Luxembourg => {
                "+ellps=intl +towgs84=-189.6806,18.3463,-42.7695,-0.33746,-3.09264,2.53861,0.4598"
            }
            Self::MonteMario => "+ellps=intl +towgs84=-104.1,-49.1,-9.9,0.971,-2.917,0.714,-11.68",
            Self::Krovak => "+ellps=bessel +towgs84=589,76,480",
            Self::Hungary => "+ellps=GRS67 +towgs84=52.17,-71.82,-14.9",
            Self::Ireland => {
                "+ellps=mod_airy +towgs84=482.5,-130.6,564.6,-1.042,-0.214,-0.631,8.15"
            }
            Self::European1950 => "+ellps=intl +towgs84=-87,-98,-121",
            Self::Greece => "+ellps=GRS80 +towgs84=-199.87,74.79,246.62",
        }
    }
}

/// A system of longitudes and latitudes, or of metres by a PROJ projection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) code: u32,
    pub(super) name: &'static str,
    /// The projection with its parameters; empty for longitudes and latitudes.
    pub(super) projection: &'static str,
    pub(super) datum: Datum,
    /// West, south, east, north in degrees.
    pub(super) area: [f64; 4],
}

const fn row(
    code: u32,
    name: &'static str,
    projection: &'static str,
    datum: Datum,
    area: [f64; 4],
) -> Row {
    Row {
        code,
        name,
        projection,
        datum,
        area,
    }
}

const WORLD: [f64; 4] = [-180.0, -90.0, 180.0, 90.0];

/// Single systems.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row(2056, "CH1903+ / LV95", "+proj=somerc +lat_0=46.95240555555556 +lon_0=7.439583333333333 +k_0=1 +x_0=2600000 +y_0=1200000", Datum::Bern, [5.96, 45.82, 10.49, 47.81]),
    row(2100, "GGRS87 / Greek Grid", "+proj=tmerc +lat_0=0 +lon_0=24 +k=0.9996 +x_0=500000 +y_0=0", Datum::Greece, [19.57, 34.88, 28.3, 41.75]),
    row(2154, "RGF93 v1 / Lambert-93", "+proj=lcc +lat_0=46.5 +lon_0=3 +lat_1=49 +lat_2=44 +x_0=700000 +y_0=6600000", Datum::Earth, [-9.86, 41.15, 10.38, 51.56]),
    row(2157, "IRENET95 / Irish Transverse Mercator", "+proj=tmerc +lat_0=53.5 +lon_0=-8 +k=0.99982 +x_0=600000 +y_0=750000", Datum::Earth, [-10.56, 51.39, -5.34, 55.43]),
    row(2169, "LUREF / Luxembourg TM", "+proj=tmerc +lat_0=49.83333333333334 +lon_0=6.166666666666667 +k=1 +x_0=80000 +y_0=100000", Datum::Luxembourg, [5.73, 49.44, 6.53, 50.19]),
    row(2180, "ETRF2000-PL / CS92", "+proj=tmerc +lat_0=0 +lon_0=19 +k=0.9993 +x_0=500000 +y_0=-5300000", Datum::Earth, [14.14, 49.0, 24.15, 55.93]),
    row(2193, "NZGD2000 / New Zealand Transverse Mercator", "+proj=tmerc +lat_0=0 +lon_0=173 +k=0.9996 +x_0=1600000 +y_0=10000000", Datum::Earth, [166.37, -47.33, 178.63, -34.1]),
    row(3003, "Monte Mario / Italy zone 1", "+proj=tmerc +lat_0=0 +lon_0=9 +k=0.9996 +x_0=1500000 +y_0=0", Datum::MonteMario, [5.93, 36.53, 12.0, 47.04]),
    row(3004, "Monte Mario / Italy zone 2", "+proj=tmerc +lat_0=0 +lon_0=15 +k=0.9996 +x_0=2520000 +y_0=0", Datum::MonteMario, [12.0, 34.76, 18.99, 47.1]),
    row(3006, "SWEREF99 TM", "+proj=utm +zone=33", Datum::Earth, [10.03, 54.96, 24.17, 69.07]),
    row(3035, "ETRS89-extended / LAEA Europe", "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000", Datum::Earth, [-35.58, 24.6, 44.83, 84.73]),
    row(3057, "ISN93 / Lambert 1993", "+proj=lcc +lat_0=65 +lon_0=-19 +lat_1=64.25 +lat_2=65.75 +x_0=500000 +y_0=500000", Datum::Earth, [-30.87, 59.96, -5.55, 69.59]),
    row(3059, "LKS-92 / Latvia TM", "+proj=tmerc +lat_0=0 +lon_0=24 +k=0.9996 +x_0=500000 +y_0=-6000000", Datum::Earth, [19.06, 55.67, 28.24, 58.09]),
    row(3067, "ETRS89 / TM35FIN(E,N)", "+proj=utm +zone=35", Datum::Earth, [19.08, 58.84, 31.59, 70.09]),
    row(3301, "Estonian Coordinate System of 1997", "+proj=lcc +lat_0=57.51755393055556 +lon_0=24 +lat_1=59.33333333333334 +lat_2=58 +x_0=500000 +y_0=6375000", Datum::Earth, [20.37, 57.52, 28.2, 60.0]),
    row(3346, "LKS94 / Lithuania TM", "+proj=tmerc +lat_0=0 +lon_0=24 +k=0.9998 +x_0=500000 +y_0=0", Datum::Earth, [19.02, 53.89, 26.82, 56.45]),
    row(3763, "ETRS89 / Portugal TM06", "+proj=tmerc +lat_0=39.66825833333333 +lon_0=-8.133108333333334 +k=1 +x_0=0 +y_0=0", Datum::Earth, [-9.56, 36.95, -6.19, 42.16]),
    row(3765, "HTRS96 / Croatia TM", "+proj=tmerc +lat_0=0 +lon_0=16.5 +k=0.9999 +x_0=500000 +y_0=0", Datum::Earth, [13.43, 42.34, 19.43, 46.54]),
    row(3794, "Slovenia 1996 / Slovene National Grid", "+proj=tmerc +lat_0=0 +lon_0=15 +k=0.9999 +x_0=500000 +y_0=-5000000", Datum::Earth, [13.38, 45.42, 16.61, 46.88]),
    row(3812, "ETRS89 / Belgian Lambert 2008", "+proj=lcc +lat_0=50.797815 +lon_0=4.359215833333333 +lat_1=49.83333333333334 +lat_2=51.16666666666666 +x_0=649328 +y_0=665262", Datum::Earth, [2.5, 49.5, 6.4, 51.51]),
    row(3857, "WGS 84 / Pseudo-Mercator", "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +nadgrids=@null", Datum::Earth, [-180.0, -85.06, 180.0, 85.06]),
    row(3879, "ETRS89 / GK25FIN", "+proj=tmerc +lat_0=0 +lon_0=25 +k=1 +x_0=25500000 +y_0=0", Datum::Earth, [24.5, 59.94, 25.5, 68.9]),
    row(4258, "ETRS89", "", Datum::Earth, [-16.1, 32.88, 40.18, 84.73]),
    row(4269, "NAD83", "", Datum::Earth, [-180.0, 14.92, 180.0, 86.45]),
    row(4326, "WGS 84", "", Datum::Earth, WORLD),
    row(5243, "ETRS89 / LCC Germany (E-N)", "+proj=lcc +lat_0=51 +lon_0=10.5 +lat_1=48.66666666666666 +lat_2=53.66666666666666 +x_0=0 +y_0=0", Datum::Earth, [5.86, 47.27, 15.04, 55.09]),
    row(5514, "S-JTSK / Krovak East North", "+proj=krovak +lat_0=49.5 +lon_0=24.83333333333333 +alpha=30.28813975277778 +k=0.9999 +x_0=0 +y_0=0", Datum::Krovak, [12.09, 47.73, 22.56, 51.06]),
    row(6668, "JGD2011", "", Datum::Earth, [122.38, 17.09, 157.65, 46.05]),
    row(21781, "CH1903 / LV03", "+proj=somerc +lat_0=46.95240555555556 +lon_0=7.439583333333333 +k_0=1 +x_0=600000 +y_0=200000", Datum::Bern, [5.96, 45.82, 10.49, 47.81]),
    row(23700, "HD72 / EOV", "+proj=somerc +lat_0=47.14439372222222 +lon_0=19.04857177777778 +k_0=0.99993 +x_0=650000 +y_0=200000", Datum::Hungary, [16.11, 45.74, 22.9, 48.58]),
    row(27700, "OSGB36 / British National Grid", "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000", Datum::Airy, [-9.01, 49.75, 2.01, 61.01]),
    row(28992, "Amersfoort / RD New", "+proj=sterea +lat_0=52.15616055555555 +lon_0=5.38763888888889 +k=0.9999079 +x_0=155000 +y_0=463000", Datum::Amersfoort, [3.2, 50.75, 7.22, 53.7]),
    row(29903, "TM75 / Irish Grid", "+proj=tmerc +lat_0=53.5 +lon_0=-8 +k=1.000035 +x_0=200000 +y_0=250000", Datum::Ireland, [-10.56, 51.39, -5.34, 55.43]),
    row(31254, "MGI / Austria GK West", "+proj=tmerc +lat_0=0 +lon_0=10.33333333333333 +k=1 +x_0=0 +y_0=-5000000", Datum::Hermannskogel, [9.53, 46.77, 11.84, 47.61]),
    row(31255, "MGI / Austria GK Central", "+proj=tmerc +lat_0=0 +lon_0=13.33333333333333 +k=1 +x_0=0 +y_0=-5000000", Datum::Hermannskogel, [11.83, 46.4, 14.84, 48.79]),
    row(31256, "MGI / Austria GK East", "+proj=tmerc +lat_0=0 +lon_0=16.33333333333333 +k=1 +x_0=0 +y_0=-5000000", Datum::Hermannskogel, [14.83, 46.56, 17.17, 49.02]),
    row(31257, "MGI / Austria GK M28", "+proj=tmerc +lat_0=0 +lon_0=10.33333333333333 +k=1 +x_0=150000 +y_0=-5000000", Datum::Hermannskogel, [9.53, 46.77, 11.84, 47.61]),
    row(31258, "MGI / Austria GK M31", "+proj=tmerc +lat_0=0 +lon_0=13.33333333333333 +k=1 +x_0=450000 +y_0=-5000000", Datum::Hermannskogel, [11.83, 46.4, 14.84, 48.79]),
    row(31259, "MGI / Austria GK M34", "+proj=tmerc +lat_0=0 +lon_0=16.33333333333333 +k=1 +x_0=750000 +y_0=-5000000", Datum::Hermannskogel, [14.83, 46.56, 17.17, 49.02]),
    row(31287, "MGI / Austria Lambert", "+proj=lcc +lat_0=47.5 +lon_0=13.33333333333333 +lat_1=49 +lat_2=46 +x_0=400000 +y_0=400000", Datum::Hermannskogel, [9.53, 46.4, 17.17, 49.02]),
    row(31370, "BD72 / Belgian Lambert 72", "+proj=lcc +lat_0=90 +lon_0=4.367486666666666 +lat_1=51.16666723333333 +lat_2=49.8333339 +x_0=150000.013 +y_0=5400088.438", Datum::Belgium, [2.5, 49.5, 6.4, 51.51]),
    row(31466, "DHDN / 3-degree Gauss-Kruger zone 2", "+proj=tmerc +lat_0=0 +lon_0=6 +k=1 +x_0=2500000 +y_0=0", Datum::Potsdam, [5.86, 49.11, 7.51, 53.81]),
    row(31467, "DHDN / 3-degree Gauss-Kruger zone 3", "+proj=tmerc +lat_0=0 +lon_0=9 +k=1 +x_0=3500000 +y_0=0", Datum::Potsdam, [7.5, 47.27, 10.51, 55.09]),
    row(31468, "DHDN / 3-degree Gauss-Kruger zone 4", "+proj=tmerc +lat_0=0 +lon_0=12 +k=1 +x_0=4500000 +y_0=0", Datum::Potsdam, [10.5, 47.27, 13.51, 55.09]),
    row(31469, "DHDN / 3-degree Gauss-Kruger zone 5", "+proj=tmerc +lat_0=0 +lon_0=15 +k=1 +x_0=5500000 +y_0=0", Datum::Potsdam, [13.5, 47.27, 15.04, 55.09]),
];

/// Zones of the Universal Transverse Mercator grid: the code of a zone is the base plus its
/// number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zones {
    pub(super) base: u32,
    pub(super) numbers: (u32, u32),
    pub(super) name: &'static str,
    pub(super) datum: Datum,
    pub(super) is_south: bool,
}

const fn zones(
    base: u32,
    numbers: (u32, u32),
    name: &'static str,
    datum: Datum,
    is_south: bool,
) -> Zones {
    Zones {
        base,
        numbers,
        name,
        datum,
        is_south,
    }
}

/// Families of zones.
pub(super) const ZONES: &[Zones] = &[
    zones(25_800, (28, 38), "ETRS89 / UTM zone", Datum::Earth, false),
    zones(32_600, (1, 60), "WGS 84 / UTM zone", Datum::Earth, false),
    zones(32_700, (1, 60), "WGS 84 / UTM zone", Datum::Earth, true),
    zones(26_900, (1, 23), "NAD83 / UTM zone", Datum::Earth, false),
    zones(
        23_000,
        (28, 38),
        "ED50 / UTM zone",
        Datum::European1950,
        false,
    ),
    zones(7_800, (46, 59), "GDA2020 / MGA zone", Datum::Earth, true),
];

/// Systems with heights, or under another code, and the plane system that they share: EPSG code,
/// code of the plane system.
pub(super) const SAME_PLANE: &[(u32, u32)] = &[
    (4937, 4258),  // ETRS89 with ellipsoidal height
    (4979, 4326),  // WGS 84 with ellipsoidal height
    (5498, 4269),  // NAD83 + NAVD88 height
    (5554, 25831), // ETRS89 / UTM + DHHN92 height
    (5555, 25832),
    (5556, 25833),
    (5676, 31466), // DHDN / Gauss-Kruger, east before north
    (5677, 31467),
    (5678, 31468),
    (5679, 31469),
    (5972, 25832), // ETRS89 / UTM + NN2000 height
    (5973, 25833),
    (5975, 25835),
    (6697, 6668),  // JGD2011 + height
    (7405, 27700), // British National Grid + ODN height
    (7415, 28992), // RD New + NAP height
    (7423, 4258),  // ETRS89 + EVRF2007 height
    (9518, 4326),  // WGS 84 + EGM2008 height
];
