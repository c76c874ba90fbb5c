-- The 40 rules of policy/ as a person who knows DuckDB would write them by hand: one pass over the persons,
-- numbers looked up in a table of one row per policy region, unknown (NULL) exactly where the rules are unknown.
-- {households} and {persons} are the files' names. The numbers are those of policy/numbers.yaml on 2024-06-30.
WITH numbers (
    policy_region, minimum_wage, work_cost, basic_pension, relief_1, rate_1, relief_2, rate_2, living, care,
    allowance_80, rigid_cap, monitoring_line, heavy_share, savings_limit, dibao_line, supplement,
    step_1, step_2_from, step_2, step_3_from, step_3
) AS (VALUES
    ('00',   170000, 40000, 11300, 500000, 6000, 2000000, 7000, 10000,  9000, 3000,    NULL, 750000, 60, 2000000, 42000, 5000, 50000, 1000000, 300000, 3000000, 800000),
    ('14',   188000, 40000, 11800, 300000, 5500, 1500000, 7500, 10000,  9000, 3000,    NULL, 780000, 50, 2000000, 53000, 6000, 50000, 1000000, 300000, 3000000, 800000),
    ('62',   172000, 45000, 11300, 500000, 6000, 2000000, 7000, 10500, 10500, 3000, 6000000, 760000, 60, 1600000, 43800, 5000, 40000, 1000000, 260000, 4000000, 900000),
    ('6230', 167000, 45000, 11300, 500000, 6000, 2000000, 7000, 10500, 10500, 6000, 6000000, 770000, 60, 1600000, 44900, 5000, 40000, 1000000, 260000, 4000000, 900000)
),
home AS (
    SELECT *, CASE
        WHEN region_code LIKE '6230%' THEN '6230'
        WHEN region_code LIKE '62%' THEN '62'
        WHEN region_code LIKE '14%' THEN '14'
        ELSE '00' END AS policy_region
    FROM read_parquet('{households}')
),
member_1 AS (
    SELECT
        persons.*, numbers.*,
        date_sub('year', birth_date, DATE '2024-06-30') AS age,
        school_stage IN ('primary', 'junior', 'senior', 'vocational', 'college') AS is_student,
        coalesce(disability_grade IN (1, 2), false) AS is_severely_disabled
    FROM read_parquet('{persons}') AS persons
    JOIN home USING (household_id)
    JOIN numbers USING (policy_region)
),
member_2 AS (
    SELECT *,
        CASE WHEN age IS NOT NULL AND is_student IS NOT NULL AND labour_capacity IS NOT NULL THEN
            age >= 16 AND age < 60 AND NOT is_student AND NOT is_severely_disabled
            AND labour_capacity IN ('full', 'part')
        END AS can_work
    FROM member_1
),
member_3 AS (
    SELECT *,
        CASE
            WHEN can_work IS NULL THEN NULL
            WHEN wage_income IS NOT NULL THEN wage_income
            WHEN NOT can_work THEN 0
            ELSE work_months * minimum_wage
        END AS countable_wage
    FROM member_2
),
member AS (
    SELECT
        household_id, age, can_work,
        can_work OR NOT (is_severely_disabled OR is_student OR age < 16 OR age >= 60) AS is_worker_or_other,
        age < 16 OR age >= 60 OR is_severely_disabled AS is_supplemented,
        countable_wage
            - CASE
                WHEN countable_wage IS NULL THEN NULL
                WHEN work_months IS NULL THEN 0
                ELSE least(countable_wage, work_months * work_cost) END
            + business_income + farm_income + property_income
            + greatest(pension_month - basic_pension, 0) * 12 AS countable_income,
        CASE WHEN medical_self_paid IS NOT NULL THEN
            medical_self_paid - (
                greatest(least(medical_self_paid, relief_2) - relief_1, 0) * rate_1
                + greatest(medical_self_paid - relief_2, 0) * rate_2 + 5000) // 10000
        END AS medical_burden,
        CASE
            WHEN is_student IS NULL THEN NULL
            WHEN NOT is_student THEN 0
            WHEN school_stage IN ('primary', 'junior') THEN greatest(school_cost - 125000, 0)
            WHEN school_stage = 'college' THEN school_cost
            ELSE greatest(school_cost - 200000, 0)
        END AS school_burden,
        CASE
            WHEN age IS NULL THEN NULL
            WHEN disability_grade IS NULL THEN 0
            WHEN disability_grade IN (1, 2) THEN CASE WHEN age < 16 THEN 2 * living + care ELSE living + care END
            WHEN disability_grade = 3 THEN living
            ELSE 0
        END + CASE WHEN age >= 90 THEN 10000 WHEN age >= 80 THEN allowance_80 ELSE 0 END AS allowance,
        age >= 6 AND age < 16 AND NOT is_student AND NOT is_severely_disabled AS out_of_school,
        age IS NULL OR is_student IS NULL AS school_unknown,
        age >= 1 AND NOT insured AS is_uninsured,
        age IS NULL OR (age >= 1 AND insured IS NULL) AS insured_unknown
    FROM member_3
),
total AS (
    SELECT
        household_id,
        count(*) AS size,
        CASE WHEN count(can_work) = count(*) THEN CAST(count_if(can_work) AS BIGINT) END AS workers,
        CASE WHEN count(can_work) = count(*) THEN count_if(NOT is_worker_or_other) END AS dependents,
        CASE WHEN count(age) = count(*) THEN max(age) END AS oldest,
        CASE WHEN count(age) = count(*) THEN CAST(count_if(is_supplemented) AS BIGINT) END AS supplemented,
        CASE WHEN count(countable_income) = count(*) THEN CAST(sum(countable_income) AS BIGINT) END AS earned,
        CASE WHEN count(medical_burden) = count(*) THEN CAST(sum(medical_burden) AS BIGINT) END AS medical_spending,
        CASE WHEN count(school_burden) = count(*) THEN CAST(sum(school_burden) AS BIGINT) END AS school_spending,
        CASE WHEN count(allowance) = count(*) THEN CAST(sum(allowance) AS BIGINT) * 12 END AS allowances,
        CASE WHEN NOT bool_or(school_unknown) THEN bool_or(out_of_school) END AS dropped_out,
        CASE WHEN NOT bool_or(insured_unknown) THEN coalesce(bool_or(is_uninsured), false) END AS uninsured
    FROM member
    GROUP BY household_id
),
house_1 AS (
    SELECT
        home.*, numbers.* EXCLUDE (policy_region),
        coalesce(total.size, 0) AS size,
        CASE WHEN total.size IS NULL THEN 0 ELSE workers END AS workers,
        dependents / total.size AS dependency,
        CASE WHEN total.size IS NULL THEN 0 ELSE oldest END AS oldest,
        CASE WHEN total.size IS NULL THEN 0 ELSE earned END + land_income + coalesce(transfer_income, 0) AS income,
        CASE WHEN total.size IS NULL THEN 0 ELSE medical_spending END AS medical_spending,
        CASE WHEN total.size IS NULL THEN 0 ELSE school_spending END AS school_spending,
        CASE WHEN total.size IS NULL THEN 0 ELSE allowances END AS allowances,
        CASE WHEN total.size IS NULL THEN false ELSE dropped_out END AS dropped_out,
        CASE WHEN total.size IS NULL THEN false ELSE uninsured END AS uninsured,
        supplemented,
        house_grade IN ('C', 'D') AS unsafe_house
    FROM home
    JOIN numbers USING (policy_region)
    LEFT JOIN total USING (household_id)
),
house_2 AS (
    SELECT *,
        CASE WHEN medical_spending + school_spending > rigid_cap THEN rigid_cap
            ELSE medical_spending + school_spending END AS rigid_spending,
        CASE
            WHEN savings IS NULL AND vehicles IS NULL THEN NULL
            ELSE coalesce(savings > size * savings_limit, false) OR coalesce(vehicles >= 2, false)
        END AS assets_exceed,
        CASE
            WHEN dropped_out IS NULL OR unsafe_house IS NULL OR uninsured IS NULL THEN NULL
            ELSE dropped_out OR unsafe_house OR uninsured OR NOT water_safe
        END AS guarantee_gap
    FROM house_1
),
house_3 AS (
    SELECT *,
        CASE WHEN size > 0 AND income IS NOT NULL AND rigid_spending IS NOT NULL THEN
            (2 * greatest(income - rigid_spending, 0) + size) // (2 * size) // 100 * 100 END AS income_per_head,
        rigid_spending * 100 > income * heavy_share AS heavy_spending
    FROM house_2
),
house_4 AS (
    SELECT *,
        income_per_head < monitoring_line AS below_line,
        CASE WHEN income_per_head IS NOT NULL THEN greatest(dibao_line * 12 - income_per_head, 0) END AS line_gap,
        CASE WHEN income_per_head IS NOT NULL AND assets_exceed IS NOT NULL THEN
            income_per_head < dibao_line * 12 AND NOT assets_exceed END AS dibao_eligible
    FROM house_3
),
house_5 AS (
    SELECT *,
        CASE WHEN dibao_eligible THEN supplement * supplemented WHEN NOT dibao_eligible THEN 0 END AS dibao_supplement,
        CASE
            WHEN below_line IS NULL OR heavy_spending IS NULL OR guarantee_gap IS NULL OR registered_on IS NULL THEN NULL
            WHEN NOT below_line AND NOT heavy_spending AND NOT guarantee_gap THEN 'none'
            WHEN household_type = 'relieved' THEN
                CASE WHEN date_sub('month', registered_on, DATE '2024-06-30') >= 12 THEN 'unstable' ELSE 'new' END
            WHEN below_line THEN 'marginal'
            ELSE 'sudden'
        END AS monitored_kind
    FROM house_4
)
SELECT
    household_id, size, workers, dependency, oldest, income, medical_spending, school_spending, rigid_spending,
    income_per_head, below_line, heavy_spending, assets_exceed, line_gap, dibao_eligible, dibao_supplement,
    CASE
        WHEN dibao_eligible THEN (line_gap * size + 99) // 100 * 100 + dibao_supplement * 12
        WHEN NOT dibao_eligible THEN 0
    END AS dibao_amount,
    CASE
        WHEN NOT dibao_eligible THEN 'none'
        WHEN dibao_eligible IS NULL THEN NULL
        WHEN income_per_head * 10 < dibao_line * 36 THEN 'A'
        WHEN income_per_head * 10 < dibao_line * 72 THEN 'B'
        ELSE 'C'
    END AS dibao_class,
    allowances, unsafe_house, guarantee_gap, uninsured, monitored_kind,
    CASE
        WHEN monitored_kind IS NULL OR rigid_spending IS NULL THEN NULL
        WHEN monitored_kind <> 'sudden' THEN 0
        WHEN rigid_spending >= step_3_from THEN step_3
        WHEN rigid_spending >= step_2_from THEN step_2
        ELSE step_1
    END AS temporary_relief
FROM house_5
ORDER BY household_id
