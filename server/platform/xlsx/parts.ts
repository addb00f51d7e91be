import { textCell, xmlText } from './cells.ts';
import type { CellKind } from './types.ts';

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const SHEET_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
export const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
export const SHEET_OPEN = `${XML}<worksheet xmlns="${MAIN}">`;

/** Styles that every workbook has, after Excel's default; those of the columns come after them. */
export const PLAIN = 1;
export const HEADER = 2;
const OWN_STYLES = 3;
/** Excel's own format for text: what is typed into such a cell stays text as well. */
const TEXT_FORMAT = 49;
/** The first number that is not one of Excel's own formats. */
const FORMATS_FROM = 164;
const BARE = 'fontId="0" fillId="0" borderId="0" xfId="0"';

/** Number format of a kind; undefined for text. */
export function formatOf(kind: CellKind, digits: number | undefined): string | undefined {
  switch (kind) {
    case 'text':
      return undefined;
    case 'integer':
      return '#,##0';
    case 'decimal':
      return digits === 0 ? '#,##0' : `#,##0.${'0'.repeat(digits ?? 3)}`;
    case 'money':
      return '#,##0.00';
    case 'energy':
      return '#,##0.000';
    case 'instant':
      return 'yyyy\\-mm\\-dd hh:mm:ss';
    case 'date':
      return 'yyyy\\-mm\\-dd';
  }
}

/** How cells of a column can look. */
export interface LooksOf {
  readonly format: string | undefined;
  /** Grounds that some of its cells have. */
  readonly colours: readonly string[];
}

/** Numbers of the styles of a column. */
export interface ColumnStyle {
  readonly plain: number;
  /** By the colour of the ground. */
  readonly onGround: ReadonlyMap<string, number>;
}

/** The style sheet, with one style for each format and each ground of it, and the numbers of each column. */
export function styles(looks: readonly LooksOf[]) {
  const formats = [...new Set(looks.map(({ format }) => format))];
  const own = formats.filter((format) => format !== undefined);
  const idOf = (format: string | undefined) =>
    format === undefined ? TEXT_FORMAT : FORMATS_FROM + own.indexOf(format);
  const named = own.map((format) => `<numFmt numFmtId="${idOf(format)}" formatCode="${attribute(format)}"/>`);
  const grounds = [...new Set(looks.flatMap(({ colours }) => colours))];
  const cells = formats.map((format) => `<xf numFmtId="${idOf(format)}" ${BARE} applyNumberFormat="1"/>`);
  const columns = looks.map(({ format, colours }): ColumnStyle => {
    const onGround = new Map<string, number>();
    for (const colour of colours) {
      onGround.set(colour, OWN_STYLES + cells.length);
      cells.push(groundStyle(idOf(format), colour, OWN_FILLS + grounds.indexOf(colour)));
    }
    return { plain: OWN_STYLES + formats.indexOf(format), onGround };
  });
  const xml = `${XML}<styleSheet xmlns="${MAIN}">
${named.length === 0 ? '' : `<numFmts count="${named.length}">${named.join('')}</numFmts>`}
<fonts count="3"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font>
<font><sz val="11"/><color rgb="FFFFFFFF"/><name val="Calibri"/></font></fonts>
<fills count="${OWN_FILLS + grounds.length}"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>
${['#e6e9ea', ...grounds].map(solidFill).join('')}</fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="${OWN_STYLES + cells.length}"><xf numFmtId="0" ${BARE}/>
<xf numFmtId="${TEXT_FORMAT}" ${BARE} applyNumberFormat="1"/>
<xf numFmtId="${TEXT_FORMAT}" fontId="1" fillId="2" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1"
 applyAlignment="1"><alignment vertical="center" wrapText="1"/></xf>${cells.join('')}</cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>`;
  return { xml, columns };
}

/** `none`, `gray125`, which Excel takes for itself, and the header's. */
const OWN_FILLS = 3;
const BLACK_FONT = 0;
const WHITE_FONT = 2;

function solidFill(colour: string): string {
  const rgb = `FF${colour.slice(1).toUpperCase()}`;
  return `<fill><patternFill patternType="solid"><fgColor rgb="${rgb}"/><bgColor indexed="64"/></patternFill></fill>`;
}

function groundStyle(formatId: number, colour: string, fillId: number): string {
  const fontId = isDark(colour) ? WHITE_FONT : BLACK_FONT;
  return `<xf numFmtId="${formatId}" fontId="${fontId}" fillId="${fillId}" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1"/>`;
}

/** Where white has the higher contrast than black, by the luminance of WCAG 2.2; one of the two always has 4.5:1. */
const EVEN_LUMINANCE = 0.179;
const WEIGHTS = [0.2126, 0.7152, 0.0722];

function isDark(colour: string): boolean {
  const luminance = WEIGHTS.reduce((sum, weight, index) => {
    const part = Number.parseInt(colour.slice(1 + index * 2, 3 + index * 2), 16) / 255;
    return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
  return luminance < EVEN_LUMINANCE;
}

/** The first sheet: two columns of text, names and what they say. */
export function aboutSheet(title: string, lines: readonly { readonly name: string; readonly text: string }[]): string {
  const rows = lines.map(({ name, text }, index) => {
    const row = index + 2;
    return `<row r="${row}">${textCell(`A${row}`, HEADER, name)}${textCell(`B${row}`, PLAIN, text)}</row>`;
  });
  return `${SHEET_OPEN}<sheetViews><sheetView workbookViewId="0"/></sheetViews><cols><col min="1" max="1" width="22" customWidth="1"/><col min="2" max="2" width="80" customWidth="1"/></cols><sheetData><row r="1">${textCell('A1', HEADER, title)}</row>${rows.join('')}</sheetData></worksheet>`;
}

/** What a sheet of Excel may be called: 31 characters, none of `[]:*?/\`, no apostrophe at an end. */
export function sheetName(title: string, number: number): string {
  const suffix = number === 1 ? '' : ` ${number}`;
  const plain = title.replace(/[[\]:*?/\\'\s]+/g, ' ').trim();
  return (plain === '' ? 'Sheet' : plain).slice(0, 31 - suffix.length).trim() + suffix;
}

/** The parts that tie the sheets together. `names` in the order of the tabs; the second tab is open at first. */
export function bindings(names: readonly string[], about: { title: string; madeBy: string; madeAt: string }) {
  const number = (index: number) => index + 1;
  const sheets = names.map(
    (name, index) => `<sheet name="${attribute(name)}" sheetId="${number(index)}" r:id="rId${number(index)}"/>`,
  );
  const links = names.map(
    (_name, index) =>
      `<Relationship Id="rId${number(index)}" Type="${RELATIONS}/worksheet" Target="worksheets/sheet${number(index)}.xml"/>`,
  );
  const types = names.map(
    (_name, index) =>
      `<Override PartName="/xl/worksheets/sheet${number(index)}.xml" ContentType="${SHEET_TYPE}.worksheet+xml"/>`,
  );
  return {
    'xl/workbook.xml': `${XML}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><bookViews><workbookView activeTab="1"/></bookViews><sheets>${sheets.join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `${XML}<Relationships xmlns="${PACKAGE}/relationships">${links.join('')}<Relationship Id="rId${names.length + 1}" Type="${RELATIONS}/styles" Target="styles.xml"/></Relationships>`,
    'docProps/core.xml': `${XML}<cp:coreProperties xmlns:cp="${PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>${xmlText(about.title)}</dc:title><dc:creator>${xmlText(about.madeBy)}</dc:creator><dcterms:created xsi:type="dcterms:W3CDTF">${about.madeAt}</dcterms:created></cp:coreProperties>`,
    '_rels/.rels': `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${RELATIONS}/officeDocument" Target="xl/workbook.xml"/><Relationship Id="rId2" Type="${PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`,
    '[Content_Types].xml': `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${SHEET_TYPE}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${SHEET_TYPE}.styles+xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>${types.join('')}</Types>`,
  };
}

function attribute(text: string): string {
  return xmlText(text).replaceAll('"', '&quot;');
}
