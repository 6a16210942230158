{% macro published_marts() %}
    {#- The names of the public models, but for those with `meta: {publish: false}`; for hooks. -#}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and node.access == 'public' and node.config.meta.get('publish', true) -%}
        {%- do names.append(node.name) -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}
