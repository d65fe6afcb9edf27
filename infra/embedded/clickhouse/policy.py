"""Names the two users may and may not use: functions, settings, statements, tables. Lists only; access.py judges."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Everything else in system.table_functions is refused: a newer engine brings none we have not seen.
SAFE_TABLE_FUNCTIONS = _names("""
    format fuzzquery generate_series generaterandom generateseries null numbers numbers_mt primes sqlstandardvalues
    values view zeros zeros_mt
""")

# Without input(): chDB answers such an INSERT well and stores nothing.
WRITER_TABLE_FUNCTIONS = _names("""
    merge mergetreeindex mergetreeprojection
""")

# Scalar functions that read files or call out. They are refused by name alone, as APPLY and arrayMap take bare names.
DENIED_FUNCTIONS = _names("""
    addresstoline addresstolinewithinlines addresstosymbol aiclassify aiembed aiextract aifilter aigenerate airedact
    aisimilarity aitranslate catboostevaluate demangle file getmacro getserversetting logtrace showcertificate
    zookeepersessionuptime
""")

# Engines and sources of dictionaries that are not table functions as well.
DENIED_SOURCES = _names("""
    backup datalakecatalog executablepool filelog filesystem http kafka nats rabbitmq
""")

# Settings that name files of the host to read or to write, or change the language in which a later text is read.
DENIED_SETTINGS = _names("""
    allow_experimental_kusto_dialect allow_experimental_polyglot_dialect allow_experimental_prql_dialect
    ast_fuzzer_runs dialect enable_json_ast_dialect enable_trino_dialect format_avro_schema_registry_url
    format_schema format_schema_message_name format_schema_source format_template_resultset format_template_row
    input_format_record_errors_file_path into_outfile_create_parent_directories output_format_schema
    polyglot_dialect rename_files_after_processing url_base
""")

BI_SETTINGS = _names("""
    output_format_decimal_trailing_zeros output_format_write_statistics
    date_time_input_format date_time_output_format do_not_merge_across_partitions_select_final extremes final
    join_use_nulls limit offset result_overflow_mode session_timezone timeout_overflow_mode use_query_cache
""")

# Family by family: `output_format_` alone would have let in output_format_schema, which writes a file of the host.
BI_SETTING_PREFIXES = (
    "max_",
    "format_csv_",
    "output_format_arrow_",
    "output_format_binary_",
    "output_format_csv_",
    "output_format_json_",
    "output_format_native_",
    "output_format_parquet_",
    "output_format_pretty_",
    "output_format_tsv_",
)

# Sent by clients whatever they run; of no meaning to a reader.
BI_IGNORED = _names("""
    allow_experimental_analyzer async_insert connect_timeout count_distinct_implementation
    input_format_import_nested_json insert_quorum log_comment log_queries mutations_sync readonly receive_timeout
    send_timeout use_uncompressed_cache wait_for_async_insert
""")

BI_STATEMENTS = _names("""
    DESC DESCRIBE EXISTS EXPLAIN SELECT SHOW WITH
""")

BI_SHOWS = _names("""
    CHANGED COLUMNS CREATE DATABASES DICTIONARIES ENGINES EXTENDED FULL FUNCTIONS GRANTS INDEX INDEXES INDICES KEYS
    SETTING SETTINGS TABLE TABLES TEMPORARY
""")

BI_SYSTEM_TABLES = _names("""
    aggregate_function_combinators build_options codecs collations columns completions constraints contributors
    current_roles data_skipping_index_types data_skipping_indices data_type_families database_engines databases
    dictionaries documentation enabled_roles formats functions keywords licenses merge_tree_settings numbers
    numbers_mt one primes projections settings table_engines table_functions tables time_zones tokenizers unicode
    zeros zeros_mt
""")
