"""Which tests hold which row of the fault catalogue: short names of ours, in the catalogue's order.

A test is ``file::function`` under tests/. ``test_faults_catalogue.py`` checks that each is there and is run.
"""

from __future__ import annotations

HTTP = "faults/test_faults_http.py"
CALLER = "lm/test_lm_caller.py"
JOURNAL = "lm/test_lm_journal.py"

CATALOGUE: dict[str, tuple[str, ...]] = {
    "passing-trouble": (
        f"{HTTP}::test_passing_troubles_are_retried_and_counted",
        f"{CALLER}::test_retries_are_used_up_with_the_reason",
        f"{CALLER}::test_attempts_of_earlier_sessions_are_counted",
    ),
    "retry-after": (
        f"{HTTP}::test_every_form_of_retry_after_is_read_and_capped",
        f"{HTTP}::test_retry_after_is_honoured_for_all_who_wait",
        f"{HTTP}::test_a_date_without_the_servers_clock_counts_from_ours",
        "lm/test_lm_live.py::test_the_status_is_read_off_the_caller",
    ),
    "quota-and-keys-refused": (
        f"{HTTP}::test_what_no_call_survives_stops_the_run_without_a_storm",
        f"{HTTP}::test_a_wrong_or_missing_key_is_told_before_spending",
        "test_pipeline.py::test_a_fatal_error_stops_all_that_is_in_flight",
    ),
    "bad-request": (
        f"{HTTP}::test_a_bad_request_fails_its_call_with_the_servers_words",
        f"{CALLER}::test_rejections_fail_the_call_and_hopeless_ones_the_run",
    ),
    "broken-connection": (
        f"{HTTP}::test_broken_connections_are_retried_and_marked_possibly_billed",
        f"{HTTP}::test_a_call_cut_short_by_us_counts_as_possibly_billed",
        f"{CALLER}::test_an_endpoint_that_goes_away_stops_the_run",
    ),
    "damaged-reply": (f"{HTTP}::test_damaged_replies_get_one_retry",),
    "empty-refused-cut": (
        f"{CALLER}::test_outcomes_are_typed_and_replayed_from_the_journal",
        "test_untidy_session.py::test_a_model_that_only_ever_refuses_makes_no_data",
    ),
    "prose-around-json": (
        f"{CALLER}::test_prose_and_fences_cost_no_second_call",
        "test_untidy_session.py::test_no_second_hidden_call_is_paid_for",
    ),
    "wrong-fields": (
        f"{CALLER}::test_an_unparsable_reply_gets_a_fresh_sample",
        "test_untidy_session.py::test_nothing_untidy_is_left_in_what_is_accepted",
        "test_pipeline.py::test_a_rejected_dialogue_is_kept_with_its_reasons",
    ),
    "huge-reply": (
        f"{HTTP}::test_a_reply_of_20_mb_is_not_read_to_the_end",
        f"{HTTP}::test_damaged_replies_get_one_retry",
        "lm/test_lm_render.py::test_hostile_replies_are_refused_in_bounded_time",
    ),
    "odd-characters": (
        f"{HTTP}::test_odd_characters_are_kept_and_lone_surrogates_replaced",
        "test_display.py::test_invisible_characters_are_shown",
    ),
    "hostile-tool": (
        "tools/test_hostile.py::test_rejected_with_its_reason",
        "tools/test_hostile.py::test_names_become_legal_and_distinct_and_keep_the_original",
    ),
    "tool-gives-orders": ("tools/test_hostile.py::test_descriptions_that_give_orders_are_flagged_and_kept_as_data",),
    "bad-parameters": (
        "test_params.py::test_bad_parameters_are_refused_by_name",
        "test_params.py::test_an_alias_bomb_is_refused_at_once",
        "test_cli.py::test_bad_input_is_one_clear_line_and_leaves_nothing",
    ),
    "run-killed": (
        "faults/test_faults_kill.py::test_kill_at_fifty_random_moments_loses_and_repeats_nothing",
        "faults/test_faults_kill.py::test_a_killed_offline_run_ends_the_same",
    ),
    "kernel-dies": (
        "test_runner.py::test_the_death_of_a_kernel_is_seen_and_the_saved_notebook_says_where",
        "test_runner.py::test_a_kernel_ends_soon_after_its_runner_was_killed",
    ),
    "interrupted": (
        "faults/test_faults_kill.py::test_ctrl_c_stops_while_calls_hang_and_resumes",
        "faults/test_faults_ctrl_c.py::test_ctrl_c_of_the_command_ends_kernel_and_workers_and_it_goes_on",
        "sweep/test_execute.py::test_ctrl_c_ends_every_point_keeps_what_is_done_and_goes_on",
    ),
    "disk-refuses": (
        "faults/test_faults_disk.py::test_a_full_disk_stops_the_run_and_it_resumes_to_the_same",
        "faults/test_faults_disk.py::test_a_read_only_folder_is_found_before_anything_is_spent",
        f"{JOURNAL}::test_a_full_disk_stops_the_call_and_leaves_the_file_sound",
    ),
    "torn-file": (
        f"{JOURNAL}::test_a_torn_tail_is_cut_with_a_warning",
        f"{JOURNAL}::test_every_cut_of_the_file_leaves_a_readable_journal",
        f"{JOURNAL}::test_damage_in_the_middle_names_file_and_offset",
        "test_record.py::test_a_torn_tail_is_cut_and_the_rest_kept",
        "test_record.py::test_damage_in_the_middle_names_file_and_offset",
    ),
    "two-owners": (
        "test_record.py::test_a_second_owner_is_told_who_holds_the_run_and_a_dead_one_holds_nothing",
        "lm/test_lm_pipeline.py::test_a_second_writer_of_a_journal_is_refused",
    ),
    "budget-reached": (
        f"{CALLER}::test_the_budget_is_reserved_before_and_settled_after",
        f"{CALLER}::test_the_budget_holds_for_the_offline_lm_too",
        "test_shards.py::test_a_budget_holds_over_all_shards_and_the_run_goes_on_from_there",
    ),
    "clock-jumps": ("faults/test_faults_catalogue.py::test_a_clock_that_jumps_changes_nothing",),
    "newer-schema": (
        "test_record.py::test_files_of_a_newer_schema_are_refused",
        f"{JOURNAL}::test_a_newer_version_and_a_second_writer_are_refused",
    ),
    "key-stays-secret": (
        f"{HTTP}::test_a_key_is_sent_and_appears_nowhere",
        "lm/test_lm_check.py::test_a_bundle_with_a_secret_is_refused",
    ),
    "script-in-text": (
        "test_display.py::test_hostile_text_is_inert_in_every_place",
        "report/test_report_page.py::test_hostile_text_is_escaped_wherever_it_stands",
        "browser/test_review_panel.py::test_a_queue_is_worked_through",
    ),
    "output-is-never-run": (
        "faults/test_faults_catalogue.py::test_nothing_is_evaluated_or_unpickled",
        "downstream/test_textcalls.py::test_nothing_is_run",
        "formats/test_formats_roundtrip.py::test_code_in_toolace_calls_is_never_run",
    ),
    "no-pickles": ("faults/test_faults_catalogue.py::test_nothing_is_evaluated_or_unpickled",),
    "path-as-name": (
        "test_cli.py::test_bad_input_is_one_clear_line_and_leaves_nothing",
        "test_record.py::test_an_unknown_run_is_a_clear_error",
    ),
}
