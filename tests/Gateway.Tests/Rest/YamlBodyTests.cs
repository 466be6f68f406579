using System.Text;
using System.Text.Json.Nodes;
using Mesh.Gateway.Rest;
using Mesh.Gateway.Rest.Documents;

namespace Mesh.Gateway.Tests.Rest;

public sealed class YamlBodyTests
{
    [Theory]
    [InlineData("~", "null")]
    [InlineData("", "null")]
    [InlineData("Null", "null")]
    [InlineData("nUll", "\"nUll\"")]
    [InlineData("TRUE", "true")]
    [InlineData("tRUE", "\"tRUE\"")]
    [InlineData("yes", "\"yes\"")]
    [InlineData("off", "\"off\"")]
    [InlineData("010", "10")]
    [InlineData("0o17", "15")]
    [InlineData("0o18", "\"0o18\"")]
    [InlineData("0xFf", "255")]
    [InlineData("0x", "\"0x\"")]
    [InlineData("+12", "12")]
    [InlineData("-12", "-12")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("1_000", "\"1_000\"")]
    [InlineData("1,000", "\"1,000\"")]
    [InlineData("1:30", "\"1:30\"")]
    [InlineData("10s", "\"10s\"")]
    [InlineData("1.5", "1.5")]
    [InlineData("1.", "1")]
    [InlineData(".5", "0.5")]
    [InlineData("5e2", "500")]
    [InlineData("1e", "\"1e\"")]
    [InlineData("-", "\"-\"")]
    [InlineData("+", "\"+\"")]
    [InlineData("2026-11-20", "\"2026-11-20\"")]
    [InlineData("10.0.0.1", "\"10.0.0.1\"")]
    [InlineData("\"5\"", "\"5\"")]
    [InlineData("'true'", "\"true\"")]
    [InlineData("!!str 5", "\"5\"")]
    [InlineData("|\n  a\n  b", "\"a\\nb\\n\"")]
    public void A_scalar_means_what_the_core_schema_says(string yaml, string json)
    {
        // A lone dash begins a list where a value is expected, so it is given inside one.
        var text = yaml is "-" or "+" ? $"v: [{yaml}a]" : $"v: {yaml}\n";
        var expected = yaml is "-" or "+" ? JsonNode.Parse($$"""{"v":["{{yaml}}a"]}""") : JsonNode.Parse($$"""{"v":{{json}}}""");
        var read = Read(text);
        Assert.True(JsonNode.DeepEquals(expected, read), read.ToJsonString());
    }

    [Fact]
    public void Every_JSON_document_is_the_same_document_as_YAML()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var document = new JsonObject { ["root"] = Make(new Random(seed), 5) };
            var text = document.ToJsonString();
            var read = Read(text);
            Assert.True(JsonNode.DeepEquals(document, read), $"seed {seed}: {text} became {read.ToJsonString()}");
        }
    }

    [Fact]
    public void No_bytes_at_all_bring_anything_but_a_document_or_a_refusal()
    {
        const string Alphabet = "ab:- \n\t{}[],&*!|>'\"%@`#?\\0.~e\u00e9\u2028";
        for (var seed = 0; seed < 5_000; seed++)
        {
            var random = new Random(seed);
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 60)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            var outcome = YamlBody.ToJson(Encoding.UTF8.GetBytes(text), new RestLimits());
            if (outcome.Ok)
            {
                Assert.True(JsonBody.Parse(outcome.Value, new RestLimits()).Ok, $"seed {seed}: {text}");
            }
            else
            {
                Assert.NotEmpty(outcome.Problems[0].Remedy);
            }
        }
    }

    private static JsonNode Read(string yaml)
    {
        var outcome = YamlBody.ToJson(Encoding.UTF8.GetBytes(yaml), new RestLimits());
        Assert.True(outcome.Ok, outcome.Ok ? "" : outcome.Problems[0].Detail);
        return JsonNode.Parse(outcome.Value)!;
    }

    private static JsonNode? Make(Random random, int depth) => random.Next(depth > 0 ? 7 : 5) switch
    {
        0 => null,
        1 => random.Next(2) == 0,
        2 => random.Next(int.MinValue, int.MaxValue),
        3 => Math.Round((random.NextDouble() - 0.5) * 1000, 3),
        4 => Text(random),
        5 => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Make(random, depth - 1))]),
        _ => new JsonObject(Enumerable.Range(0, random.Next(4)).Select(i => KeyValuePair.Create($"{i}{Text(random)}", Make(random, depth - 1)))),
    };

    private static string Text(Random random)
    {
        const string Alphabet = "aZ09 :-#,[]{}&*!|>'\"%@`\\/\n\t~?\u00e9\u4e16.";
        return string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
    }
}
