locals {
  db      = local.settings.database
  cluster = local.names.database.cluster
}

module "database_key" {
  source = "../modules/key"

  name        = "${local.prefix}-database"
  description = "The storage, backups, insights and passwords of ${local.cluster}."
}

resource "aws_db_subnet_group" "this" {
  name        = local.cluster
  description = "Subnets of ${local.cluster}."
  subnet_ids  = local.network.database_subnet_ids
}

resource "aws_rds_cluster" "this" {
  cluster_identifier = local.cluster
  engine             = "aurora-postgresql"
  engine_mode        = "provisioned" # which Serverless v2 is
  engine_version     = local.db.engine_version
  database_name      = local.db.name
  port               = 5432

  serverlessv2_scaling_configuration {
    min_capacity = local.db.min_acu
    max_capacity = local.db.max_acu
    # A cluster with a least capacity above 0 never pauses, and refuses the time.
    seconds_until_auto_pause = local.db.min_acu == 0 ? local.db.auto_pause_seconds : null
  }

  # RDS makes the password, keeps it in Secrets Manager and changes it every
  # week. Terraform never sees it.
  master_username                     = "postgres"
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = module.database_key.arn
  iam_database_authentication_enabled = true

  storage_encrypted = true
  kms_key_id        = module.database_key.arn

  db_subnet_group_name            = aws_db_subnet_group.this.name
  vpc_security_group_ids          = [local.network.security_group_ids["database"]]
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.this.name

  backup_retention_period      = local.db.backup_retention_days
  preferred_backup_window      = "01:00-02:00"
  preferred_maintenance_window = "tue:02:30-tue:03:30"
  copy_tags_to_snapshot        = true
  deletion_protection          = local.db.deletion_protection
  delete_automated_backups     = !local.db.deletion_protection
  skip_final_snapshot          = false
  final_snapshot_identifier    = "${local.cluster}-final"
  allow_major_version_upgrade  = false
  apply_immediately            = true

  enabled_cloudwatch_logs_exports       = ["postgresql"]
  database_insights_mode                = var.insights_mode
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = module.database_key.arn
  performance_insights_retention_period = var.insights_mode == "advanced" ? 465 : 7

  depends_on = [aws_cloudwatch_log_group.postgresql]

  lifecycle {
    precondition {
      condition     = local.settings.environment != "prod" || local.db.min_acu > 0
      error_message = "database.min_acu is 0, so that the cluster pauses, and prod's first event after a pause would wait for it: set 0.5 or more."
    }
    postcondition {
      condition     = split(".", self.engine_version)[0] == split(".", local.db.engine_version)[0]
      error_message = "The cluster is PostgreSQL ${self.engine_version}, database.engine_version says ${local.db.engine_version}: an apply makes no upgrade unless it is told to. See README.md, upgrades."
    }

    # RDS upgrades minor versions by itself (auto_minor_version_upgrade below), and
    # the provider writes what runs into the state. An apply of the description's
    # version would be a downgrade then, which RDS refuses.
    ignore_changes = [engine_version]
  }
}

resource "aws_rds_cluster_instance" "this" {
  count = 1 + local.db.readers

  identifier         = "${local.cluster}-${count.index + 1}"
  cluster_identifier = aws_rds_cluster.this.id
  engine             = aws_rds_cluster.this.engine
  instance_class     = "db.serverless"

  # The first reader follows the writer's capacity and takes over from it; the
  # others grow by themselves.
  promotion_tier = min(count.index, 2)

  db_subnet_group_name       = aws_db_subnet_group.this.name
  publicly_accessible        = false
  ca_cert_identifier         = "rds-ca-rsa2048-g1"
  auto_minor_version_upgrade = true
  copy_tags_to_snapshot      = true
  apply_immediately          = true

  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.monitoring.arn
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = module.database_key.arn
  performance_insights_retention_period = aws_rds_cluster.this.performance_insights_retention_period
}
