-- Of every interval: who moved did so by the customer or by the model; flows are those of the history on both sides.
with

history as (

    select * from {{ ref('fct_segment_history') }}

),

migrations as (

    select * from {{ ref('rpt_segment_migrations') }}

),

counts as (

    select
        as_of_date,
        count(*) as customers
    from history
    group by as_of_date

),

flows as (

    select
        from_date,
        to_date,
        sum(customers) filter (where from_segment_id is not null) as from_customers,
        sum(customers) filter (where to_segment_id is not null) as to_customers,
        coalesce(sum(customers) filter (where movement = 'moved'), 0) as moved,
        sum(moved_by_customer + moved_by_model) as explained
    from migrations
    group by from_date, to_date

)

select
    flows.from_date,
    flows.to_date
from flows
left join counts as from_counts
    on flows.from_date = from_counts.as_of_date
left join counts as to_counts
    on flows.to_date = to_counts.as_of_date
where
    flows.moved != flows.explained
    or flows.from_customers is distinct from from_counts.customers
    or flows.to_customers is distinct from to_counts.customers
