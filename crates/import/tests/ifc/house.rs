//! The house, and reading it with changes.

use crate::told::{Urn, told};
use expect_test::Expect;
use twin_import::Options;
use twin_import::ifc::{Imported, import};

/// Two rooms with a door between them, a front door, an open nook beside the second room, and a
/// stair from the first room to one upstairs. Millimetres; walls 200 thick.
pub(crate) const HOUSE: &str = "ISO-10303-21;
HEADER;
FILE_DESCRIPTION((''),'2;1');
FILE_NAME('house.ifc','2024-05-06T07:08:09',(''),(''),'','','');
FILE_SCHEMA(('IFC4'));
ENDSEC;
DATA;
#1=IFCSIUNIT(*,.LENGTHUNIT.,.MILLI.,.METRE.);
#2=IFCUNITASSIGNMENT((#1));
#3=IFCPROJECT('0000000000000000000001',$,'House',$,$,$,$,(),#2);
#4=IFCCARTESIANPOINT((0.,0.,0.));
#5=IFCAXIS2PLACEMENT3D(#4,$,$);
#6=IFCLOCALPLACEMENT($,#5);
#7=IFCSITE('0000000000000000000002',$,$,$,$,#6,$,$,.ELEMENT.,(42,21,31,181945),(-71,-3,-24,-263305),0.,$,$);
#8=IFCBUILDING('0000000000000000000003',$,'House',$,$,#6,$,$,.ELEMENT.,$,$,$);
#9=IFCBUILDINGSTOREY('0000000000000000000004',$,'Ground',$,$,#6,$,$,.ELEMENT.,0.);
#10=IFCCARTESIANPOINT((0.,0.,3000.));
#11=IFCAXIS2PLACEMENT3D(#10,$,$);
#12=IFCLOCALPLACEMENT(#6,#11);
#13=IFCBUILDINGSTOREY('0000000000000000000005',$,'Upper',$,$,#12,$,$,.ELEMENT.,3000.);
#14=IFCRELAGGREGATES('0000000000000000000006',$,$,$,#3,(#7));
#15=IFCRELAGGREGATES('0000000000000000000007',$,$,$,#7,(#8));
#16=IFCRELAGGREGATES('0000000000000000000008',$,$,$,#8,(#9,#13));
#17=IFCDIRECTION((0.,0.,1.));
#20=IFCCARTESIANPOINT((2000.,1500.));
#21=IFCAXIS2PLACEMENT2D(#20,$);
#22=IFCRECTANGLEPROFILEDEF(.AREA.,$,#21,4000.,3000.);
#23=IFCEXTRUDEDAREASOLID(#22,#5,#17,2700.);
#24=IFCSHAPEREPRESENTATION($,'Body','SweptSolid',(#23));
#25=IFCPRODUCTDEFINITIONSHAPE($,$,(#24));
#26=IFCSPACE('1000000000000000000001',$,'01',$,$,#6,#25,'Hall',.ELEMENT.,.INTERNAL.,$);
#30=IFCCARTESIANPOINT((4200.,0.));
#31=IFCCARTESIANPOINT((8000.,0.));
#32=IFCCARTESIANPOINT((8000.,3000.));
#33=IFCCARTESIANPOINT((4200.,3000.));
#34=IFCPOLYLINE((#30,#31,#32,#33,#30));
#35=IFCARBITRARYCLOSEDPROFILEDEF(.AREA.,$,#34);
#36=IFCEXTRUDEDAREASOLID(#35,#5,#17,2700.);
#37=IFCSHAPEREPRESENTATION($,'Body','SweptSolid',(#36));
#38=IFCPRODUCTDEFINITIONSHAPE($,$,(#37));
#39=IFCSPACE('1000000000000000000002',$,'02',$,$,#6,#38,'K\\X2\\00FC\\X0\\che',.ELEMENT.,.INTERNAL.,$);
#40=IFCCARTESIANPOINTLIST2D(((8000.,0.),(10000.,0.),(10000.,3000.),(8000.,3000.)));
#41=IFCINDEXEDPOLYCURVE(#40,$,$);
#42=IFCARBITRARYCLOSEDPROFILEDEF(.AREA.,$,#41);
#43=IFCEXTRUDEDAREASOLID(#42,#5,#17,2700.);
#44=IFCSHAPEREPRESENTATION($,'Body','SweptSolid',(#43));
#45=IFCPRODUCTDEFINITIONSHAPE($,$,(#44));
#46=IFCSPACE('1000000000000000000003',$,'03',$,$,#6,#45,'Nook',.ELEMENT.,.INTERNAL.,$);
#47=IFCSPACE('1000000000000000000004',$,'11',$,$,#12,#25,'Attic',.ELEMENT.,.INTERNAL.,$);
#48=IFCRELAGGREGATES('0000000000000000000009',$,$,$,#9,(#26,#39,#46));
#49=IFCRELAGGREGATES('000000000000000000000A',$,$,$,#13,(#47));
#50=IFCCARTESIANPOINT((4100.,1500.,0.));
#51=IFCDIRECTION((0.,1.,0.));
#52=IFCAXIS2PLACEMENT3D(#50,#17,#51);
#53=IFCLOCALPLACEMENT(#6,#52);
#54=IFCBOUNDINGBOX(#55,900.,200.,2100.);
#55=IFCCARTESIANPOINT((-450.,-100.,0.));
#56=IFCSHAPEREPRESENTATION($,'Box','BoundingBox',(#54));
#57=IFCPRODUCTDEFINITIONSHAPE($,$,(#56));
#58=IFCDOOR('2000000000000000000001',$,'Inner door',$,$,#53,#57,$,2100.,900.,.DOOR.,.SINGLE_SWING_LEFT.,$);
#60=IFCCARTESIANPOINT((2000.,-100.,0.));
#61=IFCAXIS2PLACEMENT3D(#60,$,$);
#62=IFCLOCALPLACEMENT(#6,#61);
#63=IFCDOOR('2000000000000000000002',$,'Front door',$,$,#62,#57,$,2100.,900.,.DOOR.,$,$);
#64=IFCRELCONTAINEDINSPATIALSTRUCTURE('000000000000000000000B',$,$,$,(#58,#63,#80),#9);
#70=IFCPROPERTYSINGLEVALUE('IsExternal',$,IFCBOOLEAN(.T.),$);
#71=IFCPROPERTYSINGLEVALUE('FireRating',$,IFCLABEL('EI 30'),$);
#72=IFCPROPERTYSET('000000000000000000000C',$,'Pset_DoorCommon',$,(#70,#71));
#73=IFCRELDEFINESBYPROPERTIES('000000000000000000000D',$,$,$,(#63),#72);
#74=IFCPROPERTYSINGLEVALUE('IsExternal',$,IFCBOOLEAN(.F.),$);
#75=IFCPROPERTYSET('000000000000000000000E',$,'Pset_DoorCommon',$,(#74));
#76=IFCRELDEFINESBYPROPERTIES('000000000000000000000F',$,$,$,(#58),#75);
#80=IFCSTAIR('3000000000000000000001',$,'Stair',$,$,#6,#86,$,.STRAIGHT_RUN_STAIR.);
#81=IFCCARTESIANPOINTLIST3D(((500.,500.,0.),(500.,1500.,0.),(3500.,500.,3000.),(3500.,1500.,3000.)));
#82=IFCTRIANGULATEDFACESET(#81,$,$,((1,2,3),(2,4,3)),$);
#85=IFCSHAPEREPRESENTATION($,'Body','Tessellation',(#82));
#86=IFCPRODUCTDEFINITIONSHAPE($,$,(#85));
ENDSEC;
END-ISO-10303-21;
";

pub(crate) fn read(bytes: &[u8]) -> Imported {
    import(bytes, &Options::default(), &mut Urn)
}

/// The house with some texts exchanged; each must occur.
pub(crate) fn house(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(HOUSE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is not in the house");
        text.replace(from, to)
    })
}

/// What is told of the given attributes, and what was found.
pub(crate) fn told_of(imported: Imported, attributes: &[&str]) -> String {
    let is_wanted = |name: &str| attributes.contains(&name);
    told(&imported.into(), is_wanted).replace("00000000000000000000", "")
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the usual form of an expectation"
)]
pub(crate) fn check(edits: &[(&str, &str)], attributes: &[&str], expect: Expect) {
    let imported = read(house(edits).as_bytes());
    expect.assert_eq(&told_of(imported, attributes));
}
