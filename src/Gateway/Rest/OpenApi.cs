using Mesh.Api;
using Mesh.Core.Operations;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Mesh.Gateway.Rest;

/// <summary>What the OpenAPI document says beyond what the routes' signatures tell.</summary>
internal static class OpenApi
{
    private static readonly Dictionary<string, string> Parameters = new(StringComparer.Ordinal)
    {
        ["namespace"] = "Only this namespace.",
        ["kind"] = "Only this kind: of document, such as DestinationRule; of ledger entry, such as Ejected.",
        ["endpoint"] = "Only this endpoint, by id.",
        ["since"] = "How long ago, as in 1h, or a time (RFC 3339).",
        ["status"] = "Only endpoints of this status.",
        ["limit"] = "Items on a page, 1 to 1000; 100 by default.",
        ["continue"] = "Where the page begins: what the page before answered as `continue`.",
        ["dryRun"] = "true: only say what would happen.",
        ["onConflict"] = "What becomes of what is here already and differs: fail (the default), skip or replace.",
        ["type"] = "Only this type of resource: cds, eds, lds or rds.",
        ["resource"] = "Only this resource, by its name.",
        ["bodies"] = "true: also show what each resource says.",
        ["service"] = "Only events of this service, as namespace/name.",
        ["instanceId"] = "Remove it only if this instance is the registered one.",
        ["ns"] = "The namespace: a DNS label.",
        ["name"] = "The name: a DNS subdomain.",
        ["id"] = "The endpoint's id: 1 to 128 letters, digits and - _ . :",
        ["node"] = "The proxy's node id.",
    };

    public static void AddMeshOpenApi(this IServiceCollection services) => services.AddOpenApi("v1", static options =>
    {
        options.AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Mesh.Orleans",
                Version = "v1",
                Description = "The control plane's REST API. Every change may be repeated; its answer means that the change is on disk. Errors are problem details (RFC 9457).",
            };
            document.Servers = [];
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(static async (operation, context, stopping) =>
        {
            foreach (var parameter in operation.Parameters ?? [])
            {
                if (parameter is OpenApiParameter known && Parameters.TryGetValue(known.Name ?? "", out var text))
                {
                    known.Description ??= text;
                }
            }

            foreach (var query in context.Description.ActionDescriptor.EndpointMetadata.OfType<QueryParameters>().SelectMany(static q => q.Names))
            {
                (operation.Parameters ??= []).Add(new OpenApiParameter
                {
                    Name = query,
                    In = ParameterLocation.Query,
                    Description = Parameters[query],
                    Schema = new OpenApiSchema
                    {
                        Type = query switch { "limit" => JsonSchemaType.Integer, "dryRun" or "bodies" => JsonSchemaType.Boolean, _ => JsonSchemaType.String },
                    },
                });
            }

            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<CommandRoute>().Any())
            {
                (operation.Parameters ??= []).Add(new OpenApiParameter
                {
                    Name = IdempotencyKey.Header,
                    In = ParameterLocation.Header,
                    Description = "The command's id, of the caller's choice: a repeat under the same id is done once and answers what the first answered.",
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = Command.LongestId },
                });
            }

            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<RequestBodyShape>().FirstOrDefault() is { } body)
            {
                var whole = await context.GetOrCreateSchemaAsync(body.Type, cancellationToken: stopping);
                context.Document!.AddComponent(body.Type.Name, whole);
                var schema = new OpenApiSchemaReference(body.Type.Name, context.Document);
                operation.RequestBody = new OpenApiRequestBody
                {
                    Required = body.Required,
                    Content = body.MediaTypes.ToDictionary(static type => type, _ => new OpenApiMediaType { Schema = schema }),
                };
            }
        });
    });
}
