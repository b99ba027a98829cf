"""Reports of a scan: HTML for people, JSON lines and CSV for other programs, ISC files for evaluation."""

from lynkeus.report.about import ReportInfo as ReportInfo
from lynkeus.report.evidence import evidence_from_json as evidence_from_json
from lynkeus.report.evidence import evidence_to_json as evidence_to_json
from lynkeus.report.html import write_html as write_html
from lynkeus.report.isc import Pair as Pair
from lynkeus.report.isc import read_isc as read_isc
from lynkeus.report.isc import shared_ids as shared_ids
from lynkeus.report.isc import write_isc as write_isc
from lynkeus.report.jsonlines import JsonLinesWriter as JsonLinesWriter
from lynkeus.report.jsonlines import from_line as from_line
from lynkeus.report.jsonlines import read_jsonlines as read_jsonlines
from lynkeus.report.jsonlines import to_line as to_line
from lynkeus.report.match_picture import draw_match as draw_match
from lynkeus.report.match_picture import write_match as write_match
from lynkeus.report.pictures import NoPictures as NoPictures
from lynkeus.report.pictures import PictureSource as PictureSource
from lynkeus.report.table import write_csv as write_csv
