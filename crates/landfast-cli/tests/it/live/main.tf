# Deployed against moto by the live tests: many types, none of which takes long to make.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "3.39.0"
    }
  }
}

variable "endpoint" {
  type = string
}

variable "iam_endpoint" {
  type = string
}

variable "secret" {
  type      = string
  sensitive = true
}

provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "fixture"
  secret_key                  = "fixture"
  max_retries                 = 1
  s3_force_path_style         = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true

  endpoints {
    cloudwatch       = var.endpoint
    cloudwatchevents = var.endpoint
    cloudwatchlogs   = var.endpoint
    dynamodb         = var.endpoint
    ec2              = var.endpoint
    ecr              = var.endpoint
    iam              = var.iam_endpoint
    kms              = var.endpoint
    s3               = var.endpoint
    secretsmanager   = var.endpoint
    sns              = var.endpoint
    sqs              = var.endpoint
    ssm              = var.endpoint
    sts              = var.endpoint
  }
}

locals {
  names = ["a", "b", "c"]
}

resource "aws_vpc" "main" {
  count      = 2
  cidr_block = "10.${30 + count.index}.0.0/16"
  tags       = { Owner = "shop", Stage = "test" }
}

resource "aws_subnet" "main" {
  count      = 2
  vpc_id     = aws_vpc.main[0].id
  cidr_block = "10.30.${count.index}.0/24"
  tags       = { Name = "subnet-${count.index}" }
}

resource "aws_route_table" "main" {
  vpc_id = aws_vpc.main[0].id
  tags   = { Name = "main" }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main[0].id
}

resource "aws_security_group" "web" {
  count       = 2
  name        = "web-${count.index}"
  description = "web"
  vpc_id      = aws_vpc.main[0].id

  ingress {
    description = "all"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0", "10.0.0.0/8"]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_s3_bucket" "data" {
  for_each = toset(local.names)
  bucket   = "shop-${each.key}"
  tags     = { Owner = "shop" }

  versioning {
    enabled = each.key == "a"
  }
}

resource "aws_sqs_queue" "orders" {
  for_each                   = toset(local.names)
  name                       = "orders-${each.key}"
  visibility_timeout_seconds = 30
  tags                       = { Owner = "shop" }
}

resource "aws_sns_topic" "events" {
  for_each = toset(local.names)
  name     = "events-${each.key}"
}

resource "aws_iam_user" "deployer" {
  for_each = toset(local.names)
  name     = "deployer-${each.key}"
  tags     = { Team = "infra" }
}

resource "aws_iam_role" "service" {
  for_each = toset(local.names)
  name     = "service-${each.key}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_policy" "read" {
  name = "read"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject", "s3:ListBucket"], Resource = "*" }]
  })
}

resource "aws_ssm_parameter" "setting" {
  for_each = toset(local.names)
  name     = "/shop/${each.key}"
  type     = each.key == "a" ? "SecureString" : "String"
  value    = each.key == "a" ? var.secret : "plain-${each.key}"
}

resource "aws_cloudwatch_log_group" "app" {
  for_each          = toset(local.names)
  name              = "/shop/${each.key}"
  retention_in_days = 7
}

resource "aws_dynamodb_table" "carts" {
  name         = "carts"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  tags         = { Owner = "shop" }

  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_kms_key" "main" {
  description             = "main"
  deletion_window_in_days = 7
}

resource "aws_ecr_repository" "app" {
  name = "app"
}

resource "aws_secretsmanager_secret" "token" {
  name        = "token"
  description = "the token"
}

resource "aws_cloudwatch_metric_alarm" "cpu" {
  alarm_name          = "cpu"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  metric_name         = "CPUUtilization"
  namespace           = "AWS/EC2"
  period              = 120
  statistic           = "Average"
  threshold           = 80
}
