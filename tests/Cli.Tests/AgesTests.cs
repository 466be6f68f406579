using Mesh.Cli.Output;

namespace Mesh.Cli.Tests;

public class AgesTests
{
    [Theory]
    [InlineData(0, "0s")]
    [InlineData(119, "119s")]
    [InlineData(125, "2m5s")]
    [InlineData(3_599, "59m")]
    [InlineData(7_380, "2h3m")]
    [InlineData(90_000, "1d1h")]
    [InlineData(9_000_000, "104d")]
    [InlineData(-5, "0s")]
    public void A_length_has_at_most_two_units(int seconds, string text) => Assert.Equal(text, Ages.Of(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("30s", 30_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("1m30s", 90_000)]
    [InlineData("1h", 3_600_000)]
    public void A_length_is_read_as_it_is_written(string text, int milliseconds) => Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Ages.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("5 s")]
    [InlineData("-5s")]
    [InlineData("5d")]
    [InlineData("1..2s")]
    [InlineData("99999999999999999999h")]
    public void Anything_else_is_not_a_length(string text) => Assert.Null(Ages.Parse(text));
}
