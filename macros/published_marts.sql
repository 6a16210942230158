{% macro published_marts(tag=none) %}
    {#- The names of the public models but for those with `meta: {publish: false}`; with a tag, of those that have it. For hooks. -#}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and node.access == 'public' and node.config.meta.get('publish', true)
        and (tag is none or tag in node.tags) -%}
        {%- do names.append(node.name) -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}
