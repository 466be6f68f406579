using System.Reflection;
using System.Text.Json.Nodes;
using Envoy.Config.Cluster.V3;
using Envoy.Config.Endpoint.V3;
using Envoy.Config.Listener.V3;
using Envoy.Config.Route.V3;
using Envoy.Service.Discovery.V3;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Mesh.Xds;
using Mesh.Xds.Encoding;

namespace Mesh.Gateway.Rest.Proxies;

/// <summary>
/// What went over the wire, for people: the very bytes that a client was sent, read back and written as protobuf's JSON with the names that Envoy's
/// documentation uses. Nothing is kept for it; the work is done for who asks. Rejected: a readable copy beside each resource, which all would pay for.
/// </summary>
internal static class ResourceBodies
{
    private static readonly Lazy<TypeRegistry> Types = new(() => TypeRegistry.FromMessages(Known()));

    private static readonly Lazy<JsonFormatter> Formatter = new(() =>
        new JsonFormatter(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true).WithTypeRegistry(Types.Value)));

    /// <summary>The resource as JSON, with its <c>@type</c>.</summary>
    public static JsonNode Of(EncodedResource resource)
    {
        var any = DiscoveryResponse.Parser.ParseFrom(resource.Field.Span).Resources[0];
        IMessage message = resource.Type switch
        {
            ResourceType.Cluster => Cluster.Parser.ParseFrom(any.Value),
            ResourceType.Endpoints => ClusterLoadAssignment.Parser.ParseFrom(any.Value),
            ResourceType.Listener => Listener.Parser.ParseFrom(any.Value),
            _ => RouteConfiguration.Parser.ParseFrom(any.Value),
        };
        Mark(message);
        var body = JsonNode.Parse(Formatter.Value.Format(message))!.AsObject();
        Unmark(body);
        body.Insert(0, "@type", any.TypeUrl);
        return body;
    }

    /// <summary>
    /// An extension that we only name (its message is empty, so we have no type for it) would stop the formatter. It is put into a Struct before, and taken
    /// out of it after.
    /// </summary>
    private static void Mark(IMessage message)
    {
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder().Where(static f => f.FieldType == FieldType.Message && !f.IsMap))
        {
            switch (field.Accessor.GetValue(message))
            {
                case System.Collections.IList many:
                    foreach (var each in many)
                    {
                        MarkOne((IMessage)each!);
                    }

                    break;
                case IMessage one:
                    MarkOne(one);
                    break;
            }
        }
    }

    private static void MarkOne(IMessage message)
    {
        if (message is not Any any)
        {
            Mark(message);
        }
        else if (Types.Value.Find(Any.GetTypeName(any.TypeUrl)) is not { } type)
        {
            var named = new Struct { Fields = { ["@type"] = Value.ForString(any.TypeUrl) } };
            (any.TypeUrl, any.Value) = (Any.Pack(named).TypeUrl, named.ToByteString());
        }
        else
        {
            var content = type.Parser.ParseFrom(any.Value);
            Mark(content);
            any.Value = content.ToByteString();
        }
    }

    private static void Unmark(JsonNode? node)
    {
        if (node is JsonArray list)
        {
            foreach (var each in list)
            {
                Unmark(each);
            }
        }
        else if (node is JsonObject fields)
        {
            if ((fields["@type"] as JsonValue)?.GetValue<string>() == "type.googleapis.com/google.protobuf.Struct" && fields["value"] is JsonObject named)
            {
                fields.Remove("value");
                fields["@type"] = named["@type"]!.DeepClone();
            }

            foreach (var (_, value) in fields.ToList())
            {
                Unmark(value);
            }
        }
    }

    // Whatever may be sent is compiled into one assembly: an extension that is added there is readable here without a word.
    private static IEnumerable<MessageDescriptor> Known() => typeof(Cluster).Assembly.GetTypes()
        .Where(static type => typeof(IMessage).IsAssignableFrom(type) && type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static) is not null)
        .Select(static type => (MessageDescriptor)type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!)
        .Append(Struct.Descriptor);
}
