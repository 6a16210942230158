"""Judge every candidate on the training customers: cost, sizes, silhouettes, BIC."""

from segmentation.clustering import candidates
from segmentation.selection import evidence


def model(dbt, session):
    dbt.config(materialized="table")
    encoded = dbt.ref("ml_feature_set_a").df()
    feature_parameters = dbt.ref("ml_feature_set_a_parameters").df()
    models = dbt.ref("ml_kprototypes_parameters").df()
    mixtures = dbt.ref("ml_famd_gmm_parameters").df()
    labels = dbt.ref("int_training_labels").df()

    encoded = encoded.sort_values("customer_id", ignore_index=True)
    labels = labels.sort_values(["method", "k", "customer_id"], ignore_index=True)
    matrix = candidates.mixed_matrix(encoded, feature_parameters)
    return evidence.judge(matrix, labels, candidates.fitted_gamma(models), mixtures)
