using System.Reflection;
using Microsoft.OpenApi;

namespace AutonomOS.Host.Api;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c>.</summary>
internal static class ApiDocument
{
    private const string Scheme = "bearer";

    public static IServiceCollection AddApiDocument(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiFormat.Json);
            foreach (var converter in ApiFormat.Json.Options.Converters)
            {
                json.SerializerOptions.Converters.Add(converter);
            }

            json.SerializerOptions.PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.SnakeCaseLower;
        });
        return services.AddOpenApi("v1", document =>
        {
            document.AddDocumentTransformer((api, _, _) =>
            {
                api.Info = new OpenApiInfo
                {
                    Title = "AutonomOS",
                    Version = typeof(ApiDocument).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0",
                    Description = "Background jobs for many tenants. Errors are application/problem+json with a stable code.",
                };
                api.Servers?.Clear();
                api.Components ??= new OpenApiComponents();
                api.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
                {
                    [Scheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A tenant's key or the admin key, ID.SECRET." },
                };
                return Task.CompletedTask;
            });
            document.AddOperationTransformer((operation, context, _) =>
            {
                if (context.Description.ActionDescriptor.EndpointMetadata.OfType<ApiAudienceMark>().Any())
                {
                    operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] }];
                }

                Describe(operation, context.Description.ActionDescriptor.EndpointMetadata);
                return Task.CompletedTask;
            });
        });
    }

    private static void Describe(OpenApiOperation operation, IList<object> metadata)
    {
        operation.Parameters ??= [];
        foreach (var parameter in metadata.OfType<ApiParameter>())
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = parameter.Name,
                In = ParameterLocation.Query,
                Description = parameter.Description,
                Schema = new OpenApiSchema { Type = parameter.IsWhole ? JsonSchemaType.Integer : JsonSchemaType.String },
            });
        }

        foreach (var match in metadata.OfType<ApiVersionMatch>())
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = "If-Match",
                In = ParameterLocation.Header,
                Required = match.Required,
                Description = "The version the change is made against, in quotes, as the ETag gives it; or * for any.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        }
    }
}
