"""One bad file per rule, and the line that says so."""

from pathlib import Path

import pytest

from infrahub_exporter.app.configuration.settings import load_settings
from infrahub_exporter.domain.errors import ConfigError

CONFIGS = Path(__file__).parent / "configs"
LINES = r"""address_and_embedded.yml: infrahub.address: expected one of address and embedded, got both
address_with_password.yml: infrahub.address: expected an http:// or https:// URL without user and query, got 'http://***@infrahub:8000'
address_with_query.yml: infrahub.address: expected an http:// or https:// URL without user and query, got 'http://infrahub:8000/?***'
address_with_slash_in_password.yml: infrahub.address: expected an http:// or https:// URL without user and query, got 'http://***@infrahub:8000'
address_without_scheme.yml: infrahub.address: expected an http:// or https:// URL without user and query, got 'infrahub:8000'
anchor_in_itself.yml: line 2, column 10: an anchor that contains itself
branch_that_leads_elsewhere.yml: infrahub.branch: expected the name of a branch, without spaces and of 250 characters at most, got '..'
compression.yml: exporters.otlp.compression: expected one of gzip, none, got 'zstd'
control_character.yml: expected YAML in UTF-8, got the character #x0001
deep.yml: expected YAML, got more levels than can be read
duplicate_header.yml: line 6: a key is there twice, first in line 5
duplicate_key.yml: line 3: the key 'listen_port' is there twice, first in line 2
duplicate_nested_key.yml: line 4: the key 'address' is there twice, first in line 2
duplicate_user.yml: line 3: a key is there twice, first in line 3
embedded_missing_file.yml: infrahub.embedded.schema[0]: expected a file, a folder or a pattern of files that exist, got 'nowhere.yml'
embedded_on_a_branch.yml: infrahub.branch: expected main with an embedded Infrahub, got 'audit'
embedded_without_schema.yml: infrahub.embedded.schema: expected at least one file, got an empty list
empty.yml: infrahub: expected a mapping with keys such as address, got nothing
enabled_text.yml: exporters.otlp.enabled: expected true or false, got 'maybe'
filter_infinite.yml: metrics.kind[0].filters[0].mtu__value: expected text, a number, true or false, or a list of those, got inf
filter_key.yml: metrics.kind[0].filters.1: expected text as key, got 1, put it in quotes
filter_mapping.yml: metrics.kind[0].filters[0].role__value: expected text, a number, true or false, or a list of those, got a mapping
filter_null.yml: metrics.kind[0].filters.role__value: expected text, a number, true or false, or a list of those, got nothing
filter_null_in_list.yml: metrics.kind[0].filters[0].role__values: expected text, a number, true or false, or a list of those, got nothing
filters_contradict.yml: metrics.kind[0].filters[1].role__value: 'core' contradicts 'edge' of metrics.kind[0].filters[0].role__value
filters_null_entry.yml: metrics.kind[0].filters[0]: expected a mapping of filters to values, or a list of such mappings, got nothing
filters_text.yml: metrics.kind[0].filters: expected a mapping of filters to values, or a list of such mappings, got text
header_name.yml: exporters.otlp.headers[0]: expected the name of a header
header_number.yml: exporters.otlp.headers[0]: expected text, got a number, put it in quotes
header_value.yml: exporters.otlp.headers[0]: expected printable ASCII text without spaces around it
guard_list.yml: guard: expected a mapping with keys such as enabled, got a list
guard_of_a_kind.yml: metrics.kind[0].guard: expected true or false, or a mapping with keys such as enabled, got text
guard_of_a_kind_key.yml: metrics.kind[0].guard.min_los: unknown key, did you mean 'min_loss'?
guard_of_a_query.yml: service_discovery.queries[0].guard.confirmations: expected a whole number of at least 1, got 0
guard_ratio.yml: guard.max_loss_ratio: expected a number from 0 to 1, got 50
headers_text.yml: exporters.otlp.headers: expected a mapping of names to texts, got text
include_before_the_row.yml: metrics.kind[0].include: path '^name': ^ leads from a row to what stands before it, and no rows are given here
include_collides.yml: metrics.kind[0].include: 'site.name' and 'site_name' would both be the label 'site_name'
include_id.yml: metrics.kind[0].include: 'hfid' would be the label 'hfid', which every series has already
include_number.yml: metrics.kind[0].include[0]: expected text, got 1, put it in quotes
include_path.yml: metrics.kind[0].include: path 'site.': expected names joined by dots, each perhaps followed by [], as in 'tags[].name'
include_text.yml: metrics.kind[0].include: expected a list of texts, got text
interval_too_short.yml: poll_interval_seconds: expected a number of at least 1, got 0.5
kind_list.yml: metrics.kind: expected a list of mappings, got text
kind_lower_case.yml: metrics.kind[0].kind: expected the name of a kind, such as InfraDevice, got 'device'
kind_missing.yml: metrics.kind[0].kind: expected the name of a kind, such as InfraDevice, got nothing
labels_collide.yml: metrics.kind[0].labels: 'name' and 'site.name' would both be the label 'name'
limit_fraction.yml: limits.max_series: expected a whole number of at least 1, got 0.5
limit_zero.yml: limits.max_nodes: expected a whole number of at least 1, got 0
list.yml: expected a mapping with keys such as infrahub, got a list
list_as_key.yml: line 2, column 3: expected text as key
listen_address_null.yml: listen_address: expected text without spaces, got nothing
list_of_paths.yml: line 2, column 42: expected a comma or the end of the list; in [...] a path with brackets stands in quotes, such as "tags[]"
log_format.yml: log_format: expected one of text, json, got 'xml'
log_level.yml: log_level: expected one of DEBUG, INFO, WARNING, ERROR, CRITICAL, got 'loud'
merge_of_text.yml: line 1, column 16: expected a mapping after <<
metrics_path_of_a_query.yml: service_discovery.queries[0].name: expected another path than that of exporters.prometheus.metrics_path, got '/sd/devices'
metrics_path_relative.yml: exporters.prometheus.metrics_path: expected a path such as /metrics, got 'metrics'
metrics_path_reserved.yml: exporters.prometheus.metrics_path: expected a path outside of /-/, which the exporter needs, got '/-/metrics'
metrics_path_root.yml: exporters.prometheus.metrics_path: expected a path such as /metrics, got '/'
no_infrahub.yml: infrahub: expected a mapping with keys such as address, got nothing
not_utf8.yml: expected a configuration file in UTF-8
null_infrahub.yml: infrahub: expected a mapping with keys such as address, got nothing
number_as_key.yml: 1: unknown key, expected one of infrahub, exporters, service_discovery, metrics, collectors, webhook, guard, limits, store, web, compat, poll_interval_seconds, listen_address, listen_port, log_level, log_format, reload_on_change, exit_on_dead_loop
page_size_text.yml: infrahub.page_size: expected a whole number from 1 to 1000, got 'lots'
page_size_zero.yml: infrahub.page_size: expected a whole number from 1 to 1000, got 0
path_number.yml: infrahub.token_file: expected a path, got 5
path_too_long.yml: infrahub.tls.ca_file: expected the path of something that exists, got 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'
paths_text.yml: infrahub.embedded.schema: expected a list of paths, got text
port_fraction.yml: listen_port: expected a whole number from 1 to 65535, got 8001.5
port_huge.yml: listen_port: expected a whole number from 1 to 65535, got a number
port_too_high.yml: listen_port: expected a whole number from 1 to 65535, got 70000
port_true.yml: listen_port: expected a whole number from 1 to 65535, got true
port_zero.yml: listen_port: expected a whole number from 1 to 65535, got 0
queries_same_name.yml: service_discovery.queries[1].name: expected another name than service_discovery.queries[0].name, got 'infradevice'
queries_same_path.yml: service_discovery.queries[1].name: expected another path than that of service_discovery.queries[0].endpoint_path, got '/sd/b'
query_empty_file.yml: service_discovery.queries[0].file_path: expected a GraphQL file, got '{configs}/bad/queries/empty.gql' (it is empty)
query_endpoint_path.yml: service_discovery.queries[0].endpoint_path: expected a path such as devices or /targets/devices, got 'a b'
query_file_outside.yml: service_discovery.queries[0].file_path: expected a path that does not lead out of its folder, or an absolute one, got '../queries/devices.gql'
query_file_null_byte.yml: service_discovery.queries[0].file_path: expected a GraphQL file, beside the configuration or in the working directory, got 'a\x00b' (it cannot be read as UTF-8 text)
query_file_with_spaces.yml: service_discovery.queries[0].name: expected a name, because the file's ('my devices') cannot stand in a URL
query_filters_of_a_file.yml: service_discovery.queries[0].filters: expected kind beside it: the filters of a query stand in its GraphQL
query_interval.yml: service_discovery.queries[0].refresh_interval_seconds: expected a number above 0, got -1
query_label_path.yml: service_discovery.queries[0].label_mappings.site: path 'site[0]': expected [], [other], [Kind] or [name=value], got [0]
query_label_reserved.yml: service_discovery.queries[0].label_mappings: '__meta_infrahub_id' cannot be mapped, the exporter sets it
query_labels_collide.yml: service_discovery.queries[0].label_mappings: 'a-b' and 'a_b' would both be the label 'a_b'
query_missing_absolute_file.yml: service_discovery.queries[0].file_path: expected a GraphQL file, got '/nowhere/devices.gql' (No such file or directory)
query_missing_file.yml: service_discovery.queries[0].file_path: expected a GraphQL file, beside the configuration or in the working directory, got 'nowhere.gql' (No such file or directory)
query_name.yml: service_discovery.queries[0].name: expected a name that can stand in a URL, such as devices, got 'a/b'
query_name_dots.yml: service_discovery.queries[0].name: expected a name that can stand in a URL, such as devices, got '..'
query_path_of_metrics.yml: service_discovery.queries[0].endpoint_path: expected another path than that of exporters.prometheus.metrics_path, got '/metrics'
query_port_path.yml: service_discovery.queries[0].port_field: expected a path, got '1'; a constant is written {value: 1}
query_reserved_path.yml: service_discovery.queries[0].endpoint_path: expected a path outside of /-/, which the exporter needs, got '/-/devices'
query_target_path.yml: service_discovery.queries[0].target_field: path 'a..b': expected names joined by dots, each perhaps followed by [], as in 'tags[].name'
query_with_two_sources.yml: service_discovery.queries[0].file_path: expected one of file_path, stored and kind, got file_path and kind
query_without_source.yml: service_discovery.queries[0].file_path: expected one of file_path, stored and kind, got none
query_without_target.yml: service_discovery.queries[0].target_field: expected a path, a list of paths, or a mapping with path or value, got nothing
resource_attribute_key.yml: exporters.otlp.resource_attributes.12: expected text as key, got 12, put it in quotes
resource_attribute_number.yml: exporters.otlp.resource_attributes.rack: expected text, got 12, put it in quotes
store_age.yml: store.max_age_seconds: expected a number above 0, got 0
store_type.yml: store.type: expected one of file, got 'valkey'
store_without_path.yml: store.path: expected a path, got nothing
syntax.yml: line 4, column 1: expected the node content, but found '<stream end>'
tab.yml: line 2, column 1: a tab cannot stand here, indent by spaces
tag.yml: line 1, column 50: expected a plain value, got one with a tag (!)
timeout_infinite.yml: infrahub.timeout_seconds: expected a number above 0, got inf
timeout_zero.yml: infrahub.timeout_seconds: expected a number above 0, got 0
tls_insecure_with_ca.yml: infrahub.tls.insecure: expected false with ca_file, got true
tls_key_alone.yml: infrahub.tls.client_key: expected client_certificate beside it, got nothing
tls_missing_file.yml: infrahub.tls.ca_file: expected the path of something that exists, got 'nowhere.pem'
token_and_token_file.yml: infrahub.token_file: expected one of token and token_file, got both
token_mapping.yml: infrahub.token: expected text, got a mapping
token_number.yml: infrahub.token: expected text, got a number, put it in quotes
token_of_two_lines.yml: infrahub.token: expected printable ASCII text without spaces around it
two_documents.yml: line 2, column 1: expected a single document in the stream, but found another document
undefined_alias.yml: line 1, column 50: found undefined alias; a text that begins with * stands in quotes
unknown_key.yml: listen_prot: unknown key, did you mean 'listen_port'?
unknown_key_far_from_any.yml: infrahub.xyz: unknown key, expected one of address, token, token_file, branch, page_size, parallel_pages, concurrency, timeout_seconds, refresh_timeout_seconds, full_refresh_seconds, tls, embedded
key_of_a_section.yml: full_refresh_seconds: unknown key, did you mean 'infrahub.full_refresh_seconds'?
section_of_a_section.yml: otlp: unknown key, did you mean 'exporters.otlp'?
key_of_the_top.yml: infrahub.log_level: unknown key, did you mean 'log_level'?
unknown_key_in_list.yml: metrics.kind[0].inclde: unknown key, did you mean 'include'?
unknown_section.yml: exporter: unknown key, did you mean 'exporters'?
web_admin_alone.yml: web.admin.enabled: expected basic_users, bearer_tokens or bearer_token_file with it, got none of them
web_hash.yml: web.basic_users[0]: expected a bcrypt hash of a cost from 4 to 15, as `htpasswd -nBC 10 name` prints it
web_hash_before_name.yml: web.basic_users[0]: expected names before bcrypt hashes, got a hash as name
web_hash_cost.yml: web.basic_users[0]: expected a bcrypt hash of a cost from 4 to 15, as `htpasswd -nBC 10 name` prints it
web_hash_number.yml: web.basic_users[0]: expected text, got a number, put it in quotes
web_name.yml: web.basic_users[0]: expected a printable name without colon
web_tls_missing_file.yml: web.tls.certificate: expected the path of something that exists, got 'nowhere.pem'
web_tls_without_certificate.yml: web.tls.certificate: expected the path of something that exists, got nothing
web_token_number.yml: web.bearer_tokens[0]: expected text, got a number, put it in quotes
web_token_short.yml: web.bearer_tokens[0]: expected at least 16 printable ASCII characters without spaces
web_token_spaces.yml: web.bearer_tokens[0]: expected at least 16 printable ASCII characters without spaces
web_tokens_text.yml: web.bearer_tokens: expected a list of texts, got text
webhook_key_and_key_file.yml: webhook.key_file: expected one of key and key_file, got both
webhook_key_of_two_lines.yml: webhook.key: expected printable ASCII text without spaces around it
webhook_without_key.yml: webhook.key: expected one of key and key_file with enabled, got neither
value_number.yml: service_discovery.queries[0].port_field: expected a path, a list of paths, or a mapping with path or value, got 9100; a constant is written {value: 9100}
value_number_in_list.yml: service_discovery.queries[0].port_field[1]: expected a path, got 9100
value_empty_list.yml: service_discovery.queries[0].port_field: expected at least one path, got an empty list
value_empty.yml: service_discovery.queries[0].port_field: expected one of path and value, got neither
value_both.yml: service_discovery.queries[0].port_field: expected one of path and value, got both
value_key.yml: service_discovery.queries[0].port_field.valeu: unknown key, did you mean 'value'?
value_path.yml: service_discovery.queries[0].port_field.path: expected a path, a list of paths, or a mapping with path or value, got a mapping
value_list.yml: service_discovery.queries[0].port_field.value: expected text, a number, true or false, got a list
value_map.yml: service_discovery.queries[0].port_field.map: expected a mapping of values to values, got a list
value_map_null.yml: service_discovery.queries[0].port_field.map.edge: expected text, a number, true or false, got nothing
value_times.yml: service_discovery.queries[0].port_field.times: expected a number, got 'ten'
value_label.yml: service_discovery.queries[0].label_mappings.job: expected a path, a list of paths, or a mapping with path or value, got 1; a constant is written {value: 1}
value_labels.yml: service_discovery.queries[0].label_mappings: expected a mapping of names to paths, got a list
target_sort.yml: service_discovery.queries[0].target: expected one of address, url, got 'host'
target_url_with_port.yml: service_discovery.queries[0].port_field: expected none with target: url, the port of a URL stands in it
variables_of_a_kind.yml: service_discovery.queries[0].variables: expected file_path or stored beside it: a kind has filters
parameters_of_a_kind.yml: service_discovery.queries[0].parameters: expected file_path or stored beside it: a kind has filters
variables_unknown.yml: service_discovery.queries[0].variables.sitee: the query has no variable 'sitee', did you mean 'site'?
variables_missing.yml: service_discovery.queries[0].variables: expected a value for 'count' (Int!), which the query declares
variables_type.yml: service_discovery.queries[0].variables.count: expected an integer (Int), got 'many'
variables_text.yml: service_discovery.queries[0].variables.site: expected text (String), got 5
variables_null.yml: service_discovery.queries[0].variables.site: expected text, a number, true or false, got nothing
variables_list.yml: service_discovery.queries[0].variables: expected a mapping of names to values, got a list
variables_without_any.yml: service_discovery.queries[0].variables.site: the query has no variable 'site'
parameters_unknown.yml: service_discovery.queries[0].parameters[0]: the query has no variable 'region'
stored_and_file.yml: service_discovery.queries[0].file_path: expected one of file_path, stored and kind, got file_path and stored
stored_name.yml: service_discovery.queries[0].name: expected a name, because the query's ('my devices') cannot stand in a URL
variables_no_graphql.yml: service_discovery.queries[0].file_path: the query is no GraphQL: line 1, column 64: Expected Name, found <EOF>
otlp_beside_destinations.yml: exporters.otlp.headers: expected in each of destinations, not beside them
otlp_destination_twice.yml: exporters.otlp.destinations[1].name: expected a name of its own, got 'a' again
otlp_destination_nowhere.yml: exporters.otlp.destinations[0].endpoint: expected text without spaces, got nothing
otlp_key_alone.yml: exporters.otlp.client_key: expected client_certificate beside it, got nothing
otlp_certificate_alone.yml: exporters.otlp.client_certificate: expected client_key beside it, got nothing
otlp_protocol.yml: exporters.otlp.protocol: expected one of grpc, http/protobuf, got 'http/json'
otlp_request_bytes.yml: exporters.otlp.max_request_bytes: expected a whole number from 200000 to 67108864, got 1000
query_distinct.yml: service_discovery.queries[0].distinct: expected labels of label_mappings, got 'sites', did you mean 'site'?
query_label_interval.yml: service_discovery.queries[0].label_mappings: __scrape_interval__: expected a duration such as 30s or 1m30s, got '60'
query_label_scheme.yml: service_discovery.queries[0].label_mappings: __scheme__: expected http or https, got 'ftp'
query_match_path.yml: service_discovery.queries[0].match: path 'a[': expected a ] for each [
query_rows_none.yml: service_discovery.queries[0].label_mappings.site: path '^name': ^ leads from a row to what stands before it, and no rows are given here
query_rows_path.yml: service_discovery.queries[0].rows: path '^ports[]': ^ leads from a row to what stands before it, and no rows are given here
query_where_nothing.yml: service_discovery.queries[0].where.name: expected text, a number, true or false, got nothing
query_where_path.yml: service_discovery.queries[0].where: path 'a..b': expected names joined by dots, each perhaps followed by [], as in 'tags[].name'
query_where_up.yml: service_discovery.queries[0].exclude: path '^phase': ^ leads from a row to what stands before it, and no rows are given here
query_where_value.yml: service_discovery.queries[0].where.name.like: unknown key, expected one of not, present, matches, above, below
query_formats_label.yml: service_discovery.queries[0].formats.gnmic.subscriptions: expected labels of label_mappings, got 'sites', did you mean 'site'?
query_formats_name.yml: service_discovery.queries[0].formats.gnmic.name: expected text, got nothing
query_formats_parameter.yml: service_discovery.queries[0].formats: expected no parameter 'format' beside it
query_formats_unknown.yml: service_discovery.queries[0].formats.gnmi: unknown key, did you mean 'gnmic'?
query_file_parameters.yml: service_discovery.queries[0].file: expected no parameters beside it: each set of them is a list of its own
query_file_twice.yml: service_discovery.queries[1].file: expected another file than that of service_discovery.queries[0].file, got '/srv/a.json'
series_without_a_number.yml: metrics.series[0]: expected one of value, count, sum and missing, got none of them
series_with_two_numbers.yml: metrics.series[0]: expected one of value, count, sum and missing, got value and count
series_name_total.yml: metrics.series[0].name: 'links_total' ends in _total, which is for counters; an inventory goes up and down
series_name_dash.yml: metrics.series[0].name: expected the name of a metric, such as devices, got 'far-links'
series_name_colon.yml: metrics.series[0].name: expected the name of a metric, such as devices, got 'far:links'
series_name_own.yml: metrics.series[0].name: 'infrahub_exporter_links': names that begin with infrahub_exporter_ are the exporter's own
series_name_process.yml: metrics.series[0].name: 'process_resident_memory_bytes': names that begin with process_ are the exporter's own
series_name_kind.yml: metrics.series[0].name: 'DcimDevice' is how the entry of metrics.kind is named
series_unit.yml: metrics.series[0].unit: expected a name that ends in _seconds, got 'links'
series_units.yml: metrics.series[1].unit: expected 'second' as in metrics.series[0].unit, got 'per_second'
series_label_path.yml: metrics.series[0].labels.site: path 'site..name': expected names joined by dots, each perhaps followed by [], as in 'tags[].name'
series_label_up.yml: metrics.series[0].labels.site: path '^site.name': ^ leads from a row to what stands before it, and no rows are given here
series_label_own.yml: metrics.series[0]: label '__name__': names that begin with __ belong to Prometheus
series_rows_up.yml: metrics.series[0].rows: path '^cable': ^ leads from a row to what stands before it, and no rows are given here
series_zeros.yml: metrics.series[0].count.zeros: 'rolle' is none of the labels of by, did you mean 'role'?
series_count_labels.yml: metrics.series[0].labels: the labels of a count stand in its by
series_distinct.yml: metrics.series[0].distinct: 'rolle' is none of the labels, did you mean 'role'?
series_value_true.yml: metrics.series[0].value: expected a number, a path, a list of paths, or a mapping with path or value, got true
series_key.yml: metrics.series[0].valu: unknown key, did you mean 'value'?
series_max.yml: metrics.series[0].max_series: expected a whole number of at least 1, got 0
series_sum.yml: metrics.series[0].sum.of: expected a path, a list of paths, or a mapping with path or value, got nothing
series_where_looks_ahead.yml: metrics.series[0].where.name: matches: expected a regular expression of RE2, got 'leaf(?!0)[0-9]+' (invalid perl operator: (?!; RE2 looks neither ahead nor back)
kind_path_refers_back.yml: metrics.kind[0].include: path 'interfaces[name~(et|xe)-\\1].name': '(et|xe)-\\1' is no regular expression of RE2: invalid escape sequence: \1; RE2 does not refer back to a group
metrics_prefix.yml: metrics.prefix: expected the beginning of a metric's name, such as org_, got 'org-'
query_explain_path.yml: service_discovery.queries[1].endpoint_path: expected another path than that of service_discovery.queries[0].name, got '/sd/infradevice/explain'
compat_boolean.yml: compat.booleans: expected one of true, True, got true, put it in quotes
quote_open.yml: line 2, column 10: a quote that is opened here is never closed
colon.yml: line 2, column 16: a colon cannot stand here: keys of a mapping are indented alike, a text that has one stands in quotes
indent.yml: line 3, column 11: a colon cannot stand here: keys of a mapping are indented alike, a text that has one stands in quotes
outdent.yml: line 3, column 3: expected a key, indented like those above it
dash_outdent.yml: line 5, column 5: expected a key, indented like those above it
dash_missing.yml: line 5, column 5: expected a dash, indented like those above it
mapping_open.yml: line 2, column 12: expected a comma or the end of the mapping that { has begun
at_sign.yml: line 1, column 52: a text cannot begin with this character, put it in quotes
address_port.yml: infrahub.address: expected a port from 1 to 65535, or none, behind the host; an IPv6 address stands in brackets, got 'http://infrahub:80000'
address_graphql.yml: infrahub.address: expected the address of Infrahub itself, without /graphql/main, got 'http://infrahub:8000/graphql/main'
file_folder.yml: service_discovery.queries[0].file: expected a file in a folder that is there, got '{configs}/bad/nowhere/devices.json'
address_ipv6.yml: infrahub.address: expected a port from 1 to 65535, or none, behind the host; an IPv6 address stands in brackets, got 'http://fd00::1:8000'
listen_address_port.yml: listen_address: expected an address without port, such as 0.0.0.0 or ::, got '0.0.0.0:8001'
interval_unit.yml: poll_interval_seconds: expected a number of at least 1, got '30s', write the number of seconds alone
limit_unit.yml: limits.max_read_bytes: expected a whole number of at least 1, got '64 MiB', write the number of bytes alone
limit_words.yml: limits.max_nodes: expected a whole number of at least 1, got '1 million'
port_quoted.yml: listen_port: expected a whole number from 1 to 65535, got '8001', write it without quotes
null_as_key.yml: null: unknown key, expected one of infrahub, exporters, service_discovery, metrics, collectors, webhook, guard, limits, store, web, compat, poll_interval_seconds, listen_address, listen_port, log_level, log_format, reload_on_change, exit_on_dead_loop
"""  # noqa: E501 - the lines stand as they are printed
REFUSED = {line.partition(".yml: ")[0]: line for line in LINES.splitlines()}


def unexpected(line: str) -> None:
    raise AssertionError(line)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_bad_file_is_refused_in_one_line_that_names_file_place_and_expectation(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CONFIGS / "bad")
    with pytest.raises(ConfigError) as caught:
        load_settings(f"{name}.yml", {}, unexpected)
    assert str(caught.value) == REFUSED[name].replace("{configs}", str(CONFIGS))


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text(
        """infrahub: {address: "http://infrahub:8000", token: x, page_size: 0}
listen_prot: 9
metrics: {kind: [{kind: DcimDevice, include: [5]}, {kid: DcimDevice}, {kind: DcimDevice, filters: {a__value: null}}]}
poll_interval_seconds: 30s
"""
    )
    with pytest.raises(ConfigError) as raised:
        load_settings(path, {"INFRAHUB_SIDECAR_LOG_LEVEL": "loud"})
    assert str(raised.value).splitlines() == [
        f"{path}: listen_prot: unknown key, did you mean 'listen_port'?",
        f"{path}: infrahub.page_size: expected a whole number from 1 to 1000, got 0",
        f"{path}: metrics.kind[0].include[0]: expected text, got 5, put it in quotes",
        f"{path}: metrics.kind[1].kid: unknown key, did you mean 'kind'?",
        (
            f"{path}: metrics.kind[2].filters.a__value: expected text, a number, true or false, or a list of those, "
            "got nothing"
        ),
        f"{path}: poll_interval_seconds: expected a number of at least 1, got '30s', write the number of seconds alone",
        "INFRAHUB_SIDECAR_LOG_LEVEL: expected one of DEBUG, INFO, WARNING, ERROR, CRITICAL, got 'loud'",
    ]


def test_so_is_all_that_does_not_fit_together(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    (tmp_path / "bad.gql").write_text("query Q($site: String!) { DcimDevice { edges { node { id } } } }")
    path.write_text(
        """infrahub: {address: "http://infrahub:8000", token: x}
metrics:
  kind: [{kind: DcimDevice, include: [id]}, {kind: DcimDevice, include: [a.b, a_b]}]
  series: [{name: a_total, kind: DcimDevice, value: 1}, {name: process_x, kind: DcimDevice, value: 1}]
  prefix: ""
service_discovery:
  enabled: true
  queries:
    - {name: one, file_path: bad.gql, target_field: name}
    - {name: two, file_path: bad.gql, variables: {site: a, stie: b}, target_field: name}
"""
    )
    with pytest.raises(ConfigError) as raised:
        load_settings(path, {})
    said = [line.removeprefix(f"{path}: ") for line in str(raised.value).splitlines()]
    assert [line.partition(": ")[0] for line in said] == [
        "metrics.kind[0].include",
        "metrics.kind[1].include",
        "metrics.series[0].name",
        "metrics.series[1].name",
        "service_discovery.queries[0].variables",
        "service_discovery.queries[1].variables.stie",
    ]


def test_every_bad_file_has_its_line() -> None:
    assert {path.stem for path in (CONFIGS / "bad").glob("*.yml")} == set(REFUSED)


def test_what_is_said_holds_no_secret() -> None:
    assert "sesame" not in LINES


def test_a_missing_file_and_a_directory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CONFIGS)
    with pytest.raises(
        ConfigError, match=r"^nowhere.yml: expected a configuration file \(No such file or directory\)$"
    ):
        load_settings("nowhere.yml", {}, unexpected)
    with pytest.raises(ConfigError, match=r"^bad: expected a configuration file \(Is a directory\)$"):
        load_settings("bad", {}, unexpected)
