using System.Text.Json;
using Mesh.Core.Policies;
using Mesh.Core.Policies.Documents;
using Xunit;

namespace Mesh.Core.Tests.Policies;

public class EnvelopeTests
{
    private static string Paths(string json) => string.Join(' ', Documents.Refused(json).Select(p => p.Field));

    [Theory]
    [InlineData("{}", "kind")]
    [InlineData("""{"kind": "DestinationRule"}""", "apiVersion metadata spec")]
    [InlineData("""{"kind": "DestinationRule", "apiVersion": "v1", "metadata": {}, "spec": {}}""", "apiVersion metadata.name spec.host")]
    [InlineData("""{"kind": "DestinationRule", "apiVersion": "networking.istio.io/v1", "metadata": {}, "spec": {}}""", "metadata.name spec.host")]
    [InlineData("""{"kind": "DestinationRule", "apiVersion": 1, "metadata": [], "spec": "x"}""", "apiVersion metadata metadata.name spec spec.host")]
    [InlineData("""{"kind": "DestinationRule", "apiVersion": "", "metadata": {"name": 1, "namespace": 2}, "spec": {"host": 3}}""", "apiVersion metadata.namespace metadata.name spec.host")]
    public void What_is_missing_or_of_the_wrong_sort_is_named(string json, string paths) => Assert.Equal(paths, Paths(json));

    [Fact]
    public void Another_kind_of_istios_is_told_from_a_misspelt_one_and_nothing_else_is_judged()
    {
        var known = Assert.Single(Documents.Refused("""{"kind": "ServiceEntry", "apiVersion": "x", "spec": {"hosts": []}}"""));
        Assert.Equal(
            ("Documents of this kind are not acted on yet.", "Only DestinationRule and VirtualService are, for now."), (known.Detail, known.Remedy));
        var other = Assert.Single(Documents.Refused("""{"kind": "VirtualService", "apiVersion": "x", "spec": {"hosts": []}}"""));
        Assert.Equal("A DestinationRule is expected here, and this is another kind.", other.Detail);
        var near = Assert.Single(Documents.Refused("""{"kind": "DestinationRules"}"""));
        Assert.Equal(("kind", "DestinationRules", "Did you mean DestinationRule?"), (near.Field, near.Value, near.Remedy));
        var far = Assert.Single(Documents.Refused("""{"kind": "Deployment"}"""));
        Assert.Equal(("The kind is unknown.", "Did you mean DestinationRule?"), (far.Detail, far.Remedy));
        Assert.Equal("Did you mean VirtualService?", Assert.Single(Documents.Refused("""{"kind": "VirtualServce"}""")).Remedy);
    }

    [Theory]
    [InlineData("status", "status")]
    [InlineData("extra", "extra")]
    public void Fields_beside_the_spec_are_refused(string field, string path) =>
        Assert.Equal(path, Paths(Documents.Rule().Replace("\"kind\"", $"\"{field}\": {{}}, \"kind\"", StringComparison.Ordinal)));

    [Theory]
    [InlineData("", 1, 1)]
    [InlineData("{", 1, 2)]
    [InlineData("{\n \"a\": x}", 2, 7)]
    [InlineData("{} {}", 1, 4)]
    [InlineData("kind: DestinationRule", 1, 1)]
    public void What_is_not_json_is_refused_with_its_place_and_no_parsers_words(string json, int line, int column)
    {
        var problem = Assert.Single(Documents.Refused(json));
        Assert.Equal($"This is not JSON: line {line}, byte {column}.", problem.Detail);
        Assert.Equal("", problem.Field);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("\"x\"")]
    public void What_is_no_object_is_refused(string json) => Assert.Contains(Documents.Refused(json), p => p.Field.Length == 0);

    [Fact]
    public void Two_fields_of_one_name_are_refused_wherever_they_stand()
    {
        Assert.Equal("spec.host", Paths(Documents.Rule().Replace("\"host\"", "\"host\": \"x\", \"host\"", StringComparison.Ordinal)));
        Assert.Equal(
            "metadata.labels[\"a/b\"]",
            Paths(Documents.Rule().Replace("\"name\"", "\"labels\": {\"a/b\": \"1\", \"a/b\": \"1\"}, \"name\"", StringComparison.Ordinal)));
        Assert.Equal("spec.trafficPolicy.x[1].y", Paths(Documents.Rule("""{"x": [1, {"y": 1, "y": 2}]}""")));
    }

    [Fact]
    public void Depth_is_bounded_and_not_called_malformed()
    {
        static string Nested(int levels) => new string('[', levels) + new string(']', levels);

        var fits = Documents.Refused(Documents.Rule($$"""{"x": {{Nested(Inspection.MostLevels - 3)}}}"""));
        Assert.Equal("The field is unknown.", Assert.Single(fits).Detail);
        var deep = Documents.Refused(Documents.Rule($$"""{"x": {{Nested(Inspection.MostLevels - 2)}}}"""));
        Assert.Equal(("The document is nested deeper than 32 levels.", ""), (Assert.Single(deep).Detail, deep[0].Field));
        Assert.Equal("The document is nested deeper than 32 levels.", Assert.Single(Documents.Refused(Nested(100_000))).Detail);
    }

    [Fact]
    public void Depth_is_bounded_in_a_parsed_document_too()
    {
        using var parsed = JsonDocument.Parse(new string('[', 40) + new string(']', 40));
        var problem = Assert.Single(DestinationRuleCompiler.Compile(parsed.RootElement).Problems);
        Assert.Equal(("The document is nested deeper than 32 levels.", string.Concat(Enumerable.Repeat("[0]", 32))), (problem.Detail, problem.Field));

        using var fields = JsonDocument.Parse(string.Concat(Enumerable.Repeat("{\"a\":", 40)) + "1" + new string('}', 40));
        Assert.Equal("The document is nested deeper than 32 levels.", Assert.Single(DestinationRuleCompiler.Compile(fields.RootElement).Problems).Detail);
    }

    [Fact]
    public void Depth_is_that_of_the_deepest_place_and_not_the_number_of_brackets()
    {
        var wide = "[" + string.Join(',', Enumerable.Repeat("[{}]", 50)) + "]";
        Assert.Equal("The field is unknown.", Assert.Single(Documents.Refused(Documents.Rule($$"""{"x": {{wide}}}"""))).Detail);
    }

    [Fact]
    public void Brackets_within_texts_are_not_depth()
    {
        // After a text of odd length, after an escaped quote, and after an escape of something else.
        foreach (var before in (string[])["", "\\\"", "\\\\", "\\\\\\\""])
        {
            var json = "{\"q\": \"" + before + new string('[', 100) + "\", " + Documents.Rule()[1..];
            Assert.Equal("q", Assert.Single(Documents.Refused(json)).Field);
        }
    }

    [Theory]
    [InlineData("""{"kind": "\ud800"}""")]
    [InlineData("""{"\ud800": 1}""")]
    [InlineData("""{"kind": ["\udc00"]}""")]
    public void Half_a_surrogate_pair_is_refused(string json) =>
        Assert.Contains("half of a surrogate pair", Assert.Single(Documents.Refused(json)).Detail, StringComparison.Ordinal);

    [Fact]
    public void Text_that_is_no_unicode_is_refused() => Assert.NotEmpty(Documents.Refused("{\"kind\": \"\ud800\"}"));

    [Fact]
    public void The_list_of_problems_is_bounded_and_says_how_many_are_left()
    {
        var fields = string.Join(',', Enumerable.Range(0, 150).Select(i => $"\"qqq{i}\": 1"));
        var problems = Documents.RefusedPolicy($"{{{fields}}}");
        Assert.Equal(ProblemList.Most + 1, problems.Length);
        Assert.Equal("50 more problems are not listed.", problems[^1].Detail);
    }

    [Fact]
    public void Exactly_as_many_problems_as_are_listed_leave_none()
    {
        var fields = string.Join(',', Enumerable.Range(0, ProblemList.Most).Select(i => $"\"qqq{i}\": 1"));
        Assert.Equal(ProblemList.Most, Documents.RefusedPolicy($"{{{fields}}}").Length);
    }

    [Fact]
    public void Long_values_and_names_are_cut()
    {
        var problem = Documents.RefusedOnce($$"""{"{{new string('n', 500)}}": "{{new string('v', 500)}}"}""");
        Assert.Equal(new string('v', 199) + "…", problem.Value);
        Assert.Equal($"spec.trafficPolicy[\"{new string('n', 63)}…\"]", problem.Field);
        Assert.Equal(new string('v', 200), Documents.RefusedOnce($$"""{"x": "{{new string('v', 200)}}"}""").Value);
    }

    [Fact]
    public void A_cut_does_not_halve_a_character()
    {
        var value = Documents.RefusedOnce($$"""{"x": "{{new string('v', 198)}}😀😀"}""").Value!;
        Assert.Equal(new string('v', 198) + "…", value);
        value = Documents.RefusedOnce($$"""{"x": "{{new string('v', 198)}}😀xx"}""").Value!;
        Assert.Equal(new string('v', 198) + "…", value);
    }

    [Theory]
    [InlineData("", "spec.trafficPolicy[\"\"]")]
    [InlineData("a.b", "spec.trafficPolicy[\"a.b\"]")]
    [InlineData("a_b-c", "spec.trafficPolicy.a_b-c")]
    [InlineData("nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", "spec.trafficPolicy.nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn")]
    public void Names_that_are_no_plain_words_stand_in_brackets(string name, string path) =>
        Assert.Equal(path, Documents.RefusedOnce($$"""{"{{name}}": 1}""").Field);

    [Theory]
    [InlineData("simpel", "simple")]
    [InlineData("SIMPLE", "simple")]
    [InlineData("hst", "host")]
    [InlineData("hos", "host")]
    [InlineData("hots", null)]
    [InlineData("abcdeXY", "abcdef")]
    [InlineData("abcdeXYZ", null)]
    [InlineData("", null)]
    public void The_nearest_word_is_meant_if_it_is_near(string written, string? meant) =>
        Assert.Equal(meant, Spelling.Nearest(written, ["simple", "host", "abcdef"]));

    [Fact]
    public void Of_two_words_that_are_as_near_the_first_by_name_is_meant_and_very_long_ones_are_not_looked_at()
    {
        Assert.Equal("mode1", Spelling.Nearest("mode", ["mode2", "mode1"]));
        Assert.Equal(new string('x', 64), Spelling.Nearest(new string('x', 64), [new string('x', 64)]));
        Assert.Null(Spelling.Nearest(new string('x', 65), [new string('x', 65)]));
    }
}
