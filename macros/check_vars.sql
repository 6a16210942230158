{% macro check_vars() %}
    {#- Stop on settings that cannot work, and say what would. -#}
    {%- set faults = unknown_vars() -%}
    {%- set methods = ['kprototypes', 'famd_kmeans', 'famd_gmm', 'agglomerative'] -%}

    {%- set k_values = var('k_values') -%}
    {%- if k_values is string or k_values is not iterable or not k_values -%}
        {%- do faults.append('k_values is ' ~ k_values | pprint ~ '; give a list of numbers of segments, such as [4, 5, 6, 7].') -%}
        {%- set k_values = [] -%}
    {%- elif k_values | unique | list | length < 2 -%}
        {%- do faults.append(
            'k_values is ' ~ k_values | pprint ~ ', a single number of segments; give at least two, such as [4, 5, 6, 7], and decide '
            ~ 'between them with final_k.'
        ) -%}
    {%- endif -%}
    {%- for k in k_values if k is not integer or k < 2 -%}
        {%- do faults.append('k_values holds ' ~ k | pprint ~ '; give whole numbers of at least 2, such as [4, 5, 6, 7].') -%}
    {%- endfor -%}
    {%- set planned_k = var('planned_k') -%}
    {%- if planned_k is string or planned_k is not iterable or planned_k | length != 2
        or planned_k | select('integer') | list | length != 2 or not 2 <= planned_k[0] <= planned_k[1] -%}
        {%- do faults.append(
            'planned_k is ' ~ planned_k | pprint ~ '; give the lowest and the highest number of segments that the plan expects, '
            ~ 'such as [4, 7].'
        ) -%}
    {%- endif -%}

    {%- set final_k = var('final_k') -%}
    {%- set final_method = var('final_method') -%}
    {%- if final_method is not none and final_method not in methods -%}
        {%- do faults.append('final_method is ' ~ final_method | pprint ~ '; give one of ' ~ methods | join(', ') ~ '.') -%}
    {%- endif -%}
    {%- set is_first_iteration = final_method == 'agglomerative' and final_k == 2 -%}
    {%- if final_k is not none and not is_first_iteration and (final_k is not integer or final_k not in k_values) -%}
        {%- do faults.append(
            'final_k is ' ~ final_k | pprint ~ ', which is not among k_values ' ~ var('k_values')
            ~ '; add it there or choose one of them.'
        ) -%}
    {%- endif -%}
    {%- if (final_k is not none or final_method is not none) and not (var('final_k_reason') or '') | string | trim -%}
        {%- do faults.append(
            'final_k or final_method overrules the double elbow, but final_k_reason is empty; say why, such as '
            ~ "final_k_reason: 'Sales has five teams', for those who will ask."
        ) -%}
    {%- endif -%}

    {%- set gamma = var('gamma') -%}
    {%- if gamma not in ['lambdaest', 'huang'] and not (is_plain_number(gamma) and 0 <= gamma < 1e300) -%}
        {%- do faults.append('gamma is ' ~ gamma | pprint ~ '; give lambdaest, huang or a number of at least 0.') -%}
    {%- endif -%}
    {%- if var('kprototypes_engine') not in ['native', 'kmodes'] -%}
        {%- do faults.append('kprototypes_engine is ' ~ var('kprototypes_engine') | pprint ~ '; give native or kmodes.') -%}
    {%- endif -%}

    {#- Below 20 customers all may be in one fold of the target encoding; a standard error needs two bootstraps. -#}
    {%- for name, least in {
            'training_rows': 20,
            'min_customers': 20,
            'n_init': 1,
            'n_bootstraps': 2,
            'n_bootstraps_slow': 2,
            'n_references': 2,
            'replicate_rows': 20,
            'replicate_rows_slow': 20,
            'training_rows_slow': 20,
            'max_encoded_features': 1,
            'tree_depth': 1,
        }.items()
        if var(name) is not integer or var(name) < least -%}
        {%- do faults.append(name ~ ' is ' ~ var(name) | pprint ~ '; give a whole number of at least ' ~ least ~ '.') -%}
    {%- endfor -%}
    {%- if var('random_seed') is not integer or not 0 <= var('random_seed') < 2 ** 31 -%}
        {%- do faults.append('random_seed is ' ~ var('random_seed') | pprint ~ '; give a whole number from 0 to 2147483647.') -%}
    {%- endif -%}
    {%- if not is_plain_number(var('high_spend_share')) or not 0 < var('high_spend_share') < 1 -%}
        {%- do faults.append('high_spend_share is ' ~ var('high_spend_share') | pprint ~ '; give a share between 0 and 1, such as 0.2.') -%}
    {%- endif -%}
    {%- for name, example in {
            'max_missing_share': 0.6,
            'golden_min_precision': 0.7,
            'golden_min_recall': 0.1,
            'min_tree_gain': 0.05,
        }.items()
        if not is_plain_number(var(name)) or not 0 <= var(name) <= 1 -%}
        {%- do faults.append(name ~ ' is ' ~ var(name) | pprint ~ '; give a share from 0 to 1, such as ' ~ example ~ '.') -%}
    {%- endfor -%}
    {%- if not is_plain_number(var('borderline_margin')) or not 0 <= var('borderline_margin') < 1e300 -%}
        {%- do faults.append(
            'borderline_margin is ' ~ var('borderline_margin') | pprint ~ '; give a number of at least 0, such as 0.1.'
        ) -%}
    {%- endif -%}

    {%- if not is_plain_number(var('min_label_effect')) or not 0.2 <= var('min_label_effect') < 1e300 -%}
        {%- do faults.append(
            'min_label_effect is ' ~ var('min_label_effect') | pprint ~ '; give a number of at least 0.2, such as 0.5: a smaller '
            ~ 'effect is no clear difference.'
        ) -%}
    {%- endif -%}
    {%- if not is_plain_number(var('score_margin')) or not 0 <= var('score_margin') <= 4 -%}
        {%- do faults.append('score_margin is ' ~ var('score_margin') | pprint ~ '; give a number from 0 to 4, such as 0.1.') -%}
    {%- endif -%}
    {%- if not is_plain_number(var('min_agreement')) or not -1 <= var('min_agreement') <= 1 -%}
        {%- do faults.append(
            'min_agreement is ' ~ var('min_agreement') | pprint ~ '; give an adjusted Rand index up to 1, such as 0.5.'
        ) -%}
    {%- endif -%}
    {%- set famd_axes = var('famd_axes') -%}
    {%- if famd_axes is string or famd_axes is not iterable or not famd_axes
        or famd_axes | select('integer') | select('ge', 1) | list | length != famd_axes | length -%}
        {%- do faults.append(
            'famd_axes is ' ~ famd_axes | pprint ~ '; give a list of whole numbers of at least 1, such as [2, 3, 5, 10].'
        ) -%}
    {%- endif -%}

    {%- set as_of_date = var('as_of_date') -%}
    {%- if as_of_date and (
        not modules.re.fullmatch('\\d{4}-\\d{2}-\\d{2}', as_of_date | string)
        or run_query('select try_cast(' ~ sql_literal(as_of_date) ~ ' as date)').rows[0][0] is none
    ) -%}
        {%- do faults.append("as_of_date is " ~ as_of_date ~ "; write a date as 'YYYY-MM-DD'.") -%}
    {%- endif -%}

    {%- if var('force_as_of_date') is not boolean -%}
        {%- do faults.append('force_as_of_date is ' ~ var('force_as_of_date') | pprint ~ '; give true or false.') -%}
    {%- endif -%}
    {%- if var('pseudonymize') is not boolean -%}
        {%- do faults.append('pseudonymize is ' ~ var('pseudonymize') | pprint ~ '; give true or false.') -%}
    {%- endif -%}
    {%- if not is_plain_number(var('min_segment_overlap')) or not 0 < var('min_segment_overlap') <= 1 -%}
        {%- do faults.append(
            'min_segment_overlap is ' ~ var('min_segment_overlap') | pprint ~ '; give a Jaccard index above 0 and up to 1, such as 0.3.'
        ) -%}
    {%- endif -%}

    {%- if var('report_language') not in ['zh', 'en'] -%}
        {%- do faults.append('report_language is ' ~ var('report_language') | pprint ~ '; give zh or en.') -%}
    {%- endif -%}

    {%- if faults -%}
        {{ exceptions.raise_compiler_error('Settings that cannot work:\n- ' ~ faults | join('\n- ')) }}
    {%- endif -%}
{% endmacro %}
