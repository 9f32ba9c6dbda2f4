"""The address under which clients reach the API: API Gateway's own, a custom domain, or CloudFront."""

from __future__ import annotations

from aws_cdk import Acknowledgment, CfnOutput, Stack, Validations
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infrastructure.deploy_options import DeployOptions
from infrastructure.http_api import HttpApi

ORIGIN_HEADER = "x-origin-verify"
_SECRET_LENGTH = 64


class PublicAddress(Construct):
    """`url` is the API's address; it stays when the stack is made anew, if the stage has a domain.

    `origin_secret` is what CloudFront proves itself with, None without CloudFront.
    """

    def __init__(self, scope: Construct, name: str, *, http: HttpApi, options: DeployOptions) -> None:
        super().__init__(scope, name)
        self._http, self._options = http, options
        self.origin_secret: secretsmanager.Secret | None = None
        self.url = f"https://{options.domain_name}" if options.domain_name else http.api.api_endpoint
        if options.cloudfront:
            self._add_cloudfront()
        elif options.domain_name:
            self._add_domain()

    def _certificate(self) -> acm.ICertificate:
        return acm.Certificate.from_certificate_arn(self, "Certificate", self._options.certificate_arn)

    def _add_domain(self) -> None:
        """Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html"""
        domain = apigateway.DomainName(
            self,
            "Domain",
            domain_name=self._options.domain_name,
            certificate=self._certificate(),
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
        )
        mapping = apigateway.CfnApiMapping(
            self, "Mapping", api_id=self._http.api.api_id, domain_name=domain.name, stage="$default"
        )
        mapping.node.add_dependency(self._http.stage)
        self._add_records(
            targets.ApiGatewayv2DomainProperties(domain.regional_domain_name, domain.regional_hosted_zone_id),
            domain.regional_domain_name,
        )

    def _add_cloudfront(self) -> None:
        """Put CloudFront with a web ACL in front: WAF protects no HTTP API by itself. Sources:
        https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-associating-aws-resource.html,
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html
        """
        self.origin_secret = self._make_origin_secret()
        stack = Stack.of(self)
        distribution = cloudfront.Distribution(
            self,
            "Distribution",
            domain_names=[self._options.domain_name],
            certificate=self._certificate(),
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            web_acl_id=self._options.web_acl_arn,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.HttpOrigin(
                    f"{self._http.api.api_id}.execute-api.{stack.region}.{stack.url_suffix}",
                    protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
                    origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
                    # CloudFormation reads it from Secrets Manager: the template has its name alone.
                    custom_headers={ORIGIN_HEADER: self.origin_secret.secret_value.unsafe_unwrap()},
                ),
                allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                # API Gateway refuses a host that is not its own.
                origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            ),
        )
        _suppress(distribution, "CFR1", "Where callers may be is a matter of the owner's web ACL.")
        _suppress(distribution, "CFR3", "The API logs each request; the web ACL samples what it blocks.")
        self._add_records(targets.CloudFrontTarget(distribution), distribution.distribution_domain_name)

    def _make_origin_secret(self) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self,
            "OriginSecret",
            description="The header by which the API knows CloudFront. See `docs/deploy-options.md`.",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=_SECRET_LENGTH, exclude_punctuation=True
            ),
        )
        _suppress(secret, "SMG4", "CloudFront has a copy: both change together, in a deployment.")
        return secret

    def _add_records(self, target: route53.IAliasRecordTarget, dns_name: str) -> None:
        """Point the domain to its target, or tell the owner to what it must point."""
        CfnOutput(Stack.of(self), "DomainTarget", value=dns_name)
        if not self._options.hosted_zone_id:
            return
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self,
            "Zone",
            hosted_zone_id=self._options.hosted_zone_id,
            zone_name=self._options.hosted_zone_name,
        )
        alias, name = route53.RecordTarget.from_alias(target), self._options.domain_name
        route53.ARecord(self, "Ipv4", zone=zone, record_name=name, target=alias)
        if self._options.cloudfront:
            route53.AaaaRecord(self, "Ipv6", zone=zone, record_name=name, target=alias)


def _suppress(construct: Construct, rule: str, reason: str) -> None:
    Validations.of(construct).acknowledge(
        Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
    )
