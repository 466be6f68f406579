using System.Text.Json;

namespace Mesh.Core.Policies.Documents;

/// <summary>Which fields an object may have, and what becomes of each.</summary>
/// <param name="Acted">Fields that mean something here.</param>
/// <param name="NotYet">Fields that the format has and that nothing here acts on.</param>
/// <param name="Ignored">Fields that may say anything, because they are about the document and not about traffic.</param>
internal sealed record FieldTable(string[] Acted, string[] NotYet, string[] Ignored)
{
    /// <summary>
    /// The fields that are there and mean something, by name; all others are reported. A field that is null is not there, as in protobuf's JSON.
    /// </summary>
    public IReadOnlyDictionary<string, Node> Read(Node node, ProblemList problems)
    {
        var fields = new Dictionary<string, Node>(StringComparer.Ordinal);
        if (node.Element.ValueKind != JsonValueKind.Object)
        {
            problems.Add(node, $"Expected an object, found {Values.Kind(node)}.", "Write fields here, as in the documentation of policies.");
            return fields;
        }

        foreach (var property in node.Element.EnumerateObject())
        {
            var field = node.Field(property.Name, property.Value);
            if (Acted.Contains(property.Name) && property.Value.ValueKind != JsonValueKind.Null)
            {
                fields[property.Name] = field;
            }
            else if (NotYet.Contains(property.Name) && property.Value.ValueKind != JsonValueKind.Null)
            {
                RefuseNotYet(field, problems);
            }
            else if (!Acted.Contains(property.Name) && !NotYet.Contains(property.Name) && !Ignored.Contains(property.Name))
            {
                RefuseUnknown(field, property.Name, problems);
            }
        }

        return fields;
    }

    private static void RefuseNotYet(Node field, ProblemList problems)
    {
        if (field.Element.ValueKind != JsonValueKind.Array || field.Element.GetArrayLength() == 0)
        {
            Refuse(field);
            return;
        }

        var index = 0;
        foreach (var item in field.Element.EnumerateArray())
        {
            Refuse(field.Item(index++, item));
        }

        void Refuse(Node what) => problems.Add(
            what, "The field is known but not acted on yet; it would have no effect.", "Leave it out, or wait for a version that acts on it.");
    }

    private void RefuseUnknown(Node field, string name, ProblemList problems)
    {
        var near = problems.IsFull ? null : Spelling.Nearest(name, [.. Acted, .. NotYet, .. Ignored]);
        problems.Add(
            field, "The field is unknown.", near is null ? "Leave it out." : $"Did you mean {near}?");
    }
}
